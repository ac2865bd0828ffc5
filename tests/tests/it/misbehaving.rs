//! Subscribers that do what they must not: slow, stuck, panicking, circling, never done. The others
//! are served on, and what happens shows in the status, in the reports and in the log.

mod blocking;
mod circling;
mod draining;
mod endless;
mod panicking;
mod slow;
mod stuck;

use plugin_core::event::HandlerReport;
use plugin_core::lifecycle::Running;
use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin};
use tokio::sync::watch;

use crate::rig::Rig;

#[event("misbehaving.signal")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Signal {
    number: u32,
}

/// How many events a well-behaved subscriber has handled.
#[service]
trait Witnessed {
    fn at_once(&self) -> watch::Receiver<u32>;
    fn later(&self) -> watch::Receiver<u32>;
}

/// A well-behaved subscriber.
struct Witness {
    at_once: watch::Sender<u32>,
    later: watch::Sender<u32>,
}

#[plugin(name = "misbehaving-witness", provides(Witnessed))]
impl Witness {
    #[init]
    fn init() -> Self {
        Self {
            at_once: watch::Sender::default(),
            later: watch::Sender::default(),
        }
    }

    #[subscribe]
    fn hear(&self, _signal: &Signal) {
        self.at_once.send_modify(|count| *count += 1);
    }

    #[subscribe]
    async fn hear_later(&self, _signal: &Signal) {
        self.later.send_modify(|count| *count += 1);
    }
}

#[service]
impl Witnessed for Witness {
    fn at_once(&self) -> watch::Receiver<u32> {
        self.at_once.subscribe()
    }

    fn later(&self) -> watch::Receiver<u32> {
        self.later.subscribe()
    }
}

/// A set of a subscriber that misbehaves and one that does not.
fn beside(subject: &'static Descriptor) -> Rig {
    Rig::new(&[subject, Witness::DESCRIPTOR])
}

async fn publish(running: &Running, events: u32) {
    let publisher = running.publisher();
    for number in 0..events {
        publisher.publish(Signal { number }).await.unwrap();
    }
}

/// Waits until the witness has handled so many events, inline and queued.
async fn witnessed(running: &Running, events: u32) {
    let witness = running.service::<dyn Witnessed>().unwrap();
    let all = |count: &u32| *count == events;
    witness.at_once().wait_for(all).await.unwrap();
    witness.later().wait_for(all).await.unwrap();
}

/// What the report of a handler says.
fn report(running: &Running, plugin: &str, handler: &str) -> HandlerReport {
    let mut reports = running.bus().handlers().into_iter();
    let found = reports.find(|report| (report.plugin, report.handler) == (plugin, handler));
    found.unwrap()
}
