//! The way from the host to the services of an instance in a process of its own.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::watch;

use super::link::CallLane;
use super::remote::{Remote, RemoteLives};
use super::watched::RemoteProcess;
use super::wire::{WireAnswer, WireCall, WireServiceCall};
use crate::error::{Error, Result};
use crate::service::{ServedCall, ServiceCall, ServiceLink};

/// The way to the services of an instance. A new life of the instance uses the same route, so a
/// call that is made during a restart waits for the next process.
#[derive(Debug, Default)]
pub(crate) struct ServiceRoute {
    port: watch::Sender<RoutedPort>,
    lane: CallLane,
}

/// The port that a route leads to.
#[derive(Debug, Clone, Default)]
struct RoutedPort {
    lives: Option<RemoteLives>,
    limit: Duration,
}

impl ServiceRoute {
    /// Leads to the process of a port from now on.
    pub(crate) fn lead_to(&self, remote: &Arc<Remote>) {
        self.port.send_replace(RoutedPort {
            lives: Some(remote.lives()),
            limit: remote.timeout(),
        });
    }

    /// Waits for a process that can be called.
    async fn process(&self) -> Result<Arc<RemoteProcess>> {
        let mut port = self.port.subscribe();
        loop {
            let lives = port.borrow_and_update().lives.clone();
            let serving = async {
                match lives {
                    Some(mut lives) => lives.serving().await,
                    None => None,
                }
            };
            tokio::select! {
                biased;
                Some(process) = serving => return process,
                // An error says that there will be no other port.
                changed = port.changed() => changed.map_err(|_| Error::bug("its way is gone"))?,
            }
        }
    }

    async fn serve(self: Arc<Self>, call: WireServiceCall) -> Result<Box<RawValue>> {
        let process = self.process().await?;
        match process.connection.call(WireCall::Serve(call)).await {
            Some(answer) => served(answer),
            None => {
                let cause = process.ended().await;
                Err(Error::retriable(format!("{cause} during the call")))
            }
        }
    }
}

impl ServiceLink for ServiceRoute {
    fn call(self: Arc<Self>, call: ServiceCall) -> ServedCall {
        let limit = self.port.borrow().limit;
        let route = Arc::clone(&self);
        self.lane.call(call, limit, |call| route.serve(call))
    }
}

/// The result of a call.
pub(super) fn served(answer: WireAnswer) -> Result<Box<RawValue>> {
    match answer {
        WireAnswer::Served(outcome) => Ok(outcome),
        WireAnswer::Failed(error) => Err(error),
        _ => Err(Error::bug(
            "its process answers something else than it was asked",
        )),
    }
}
