//! A process of an instance, from its start to its end, and the cause of its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::connection::Connection;
use super::process::ChildProcess;
use super::spec::InstanceSpec;
use super::upstream::Upstream;
use super::wire::{WireAnswer, WireCall};
use crate::child_command::ChildCommand;
use crate::error::{Error, Result};

/// How long a process has to end by itself after it was told to, or after its connection ended.
const GOING: Duration = Duration::from_secs(1);

/// The text if nothing is known about the end of a process.
pub(super) const ENDED: &str = "its process has ended";

/// A process that was started, with the connection to it.
pub(super) struct RemoteProcess {
    pub(super) connection: Arc<Connection>,
    pub(super) id: Option<u32>,
    /// The cause of its end, once it has ended.
    pub(super) cause: watch::Receiver<Option<Arc<str>>>,
    pub(super) orders: mpsc::UnboundedSender<ProcessOrder>,
}

/// An order to a process.
pub(super) enum ProcessOrder {
    /// It was told to end.
    Leave,
    /// It is forced to end.
    End,
}

impl RemoteProcess {
    /// Starts a process, and watches it.
    pub(super) async fn start(
        command: &ChildCommand,
        spec: &InstanceSpec,
        upstream: Upstream,
    ) -> Result<Self> {
        let (process, stream) = ChildProcess::start(command, &spec.instance).await?;
        let id = process.id();
        let upstream = Arc::new(upstream);
        let connection = Connection::open(stream, Arc::clone(&upstream) as _);
        let (cause, told) = watch::channel(None);
        let (orders, given) = mpsc::unbounded_channel();
        let begun = Self {
            connection: Arc::clone(&connection),
            id,
            cause: told,
            orders,
        };
        let limits = (spec.watchdog, spec.memory());
        let watched = watch_process((process, given), connection, (upstream, limits), cause);
        drop(crate::spawn::spawn(watched));
        Ok(begun)
    }

    pub(super) async fn ask(&self, call: WireCall) -> Result<WireAnswer> {
        match self.connection.call(call).await {
            Some(WireAnswer::Failed(error)) => Err(error),
            Some(answer) => Ok(answer),
            None => Err(Error::retriable(self.ended().await.to_string())),
        }
    }

    /// Waits for its end, and returns the cause.
    pub(super) async fn ended(&self) -> Arc<str> {
        let mut cause = self.cause.clone();
        let cause = cause.wait_for(Option::is_some).await;
        let cause = cause.ok().and_then(|cause| (*cause).clone());
        cause.unwrap_or_else(|| ENDED.into())
    }
}

/// Waits for the end of a process, or forces it to end.
async fn watch_process(
    (mut process, mut orders): (ChildProcess, mpsc::UnboundedReceiver<ProcessOrder>),
    connection: Arc<Connection>,
    (upstream, (watchdog, memory)): (Arc<Upstream>, (Duration, Option<String>)),
    cause: watch::Sender<Option<Arc<str>>>,
) {
    let mut silent = false;
    let ended = tokio::select! {
        ended = process.ended() => Some(ended),
        () = connection.ended() => tokio::time::timeout(GOING, process.ended()).await.ok(),
        () = upstream.silent(watchdog) => {
            silent = true;
            None
        }
        order = orders.recv() => match order {
            Some(ProcessOrder::Leave) => tokio::time::timeout(GOING, process.ended()).await.ok(),
            Some(ProcessOrder::End) => {
                process.end().await;
                Some(process.ended().await)
            }
            // Nothing refers to it any more.
            None => None,
        },
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            process.kill().await;
            match silent {
                true => {
                    format!("its process gave no sign of life for {watchdog:?}, and was killed")
                }
                false => "its process did not end by itself, and was killed".to_owned(),
            }
        }
    };
    // Messages that it sent before its end are still received.
    drop(tokio::time::timeout(GOING, connection.ended()).await);
    let ended = match upstream.panicked() {
        Some(place) if !ended.ends_with("exit code 0") => format!("{ended}, after {place}"),
        _ => match memory.filter(|_| ended.ends_with("(SIGABRT)")) {
            Some(memory) => format!("{ended}; {memory}"),
            None => ended,
        },
    };
    cause.send_replace(Some(ended.into()));
}
