//! An event to one asynchronous subscriber, on one thread, in bursts of a thousand that are each
//! waited for: the kernel's whole way with its time limit and guard, beside channels, which do less,
//! and actors.

use std::hint::black_box;

use kernel_benches::{Contest, Goal, System};
use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::{actors, channels};

pub(crate) const BURST: usize = 1_000;

const WHOLE: &str = "kernel";
const MAILBOX: &str = "kernel, batch handler";
const KANAL: &str = "kanal 0.1";
const CROSSFIRE: &str = "crossfire 3.1";
const FLUME: &str = "flume 0.12";
const ACTIX: &str = "actix 0.13";
const KAMEO: &str = "kameo 0.22";
const RACTOR: &str = "ractor 0.16";

/// What is sent.
#[event("peers.queued")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Queued {
    pub(crate) number: usize,
}

#[event("peers.batched")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Batched {
    number: usize,
}

struct Listener;

#[plugin(name = "queued-listener")]
impl Listener {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn on_queued(&self, event: &Queued) {
        black_box(event.number);
    }

    #[subscribe(batch = 256)]
    async fn on_batch(&self, events: Batch<Batched>) {
        for event in events.iter() {
            black_box(event.number);
        }
    }
}

pub(crate) fn contest() -> Contest {
    let system = || System::start(&[Listener::DESCRIPTOR]);
    Contest::new("one asynchronous subscriber")
        .operations(BURST as u64)
        .add(WHOLE, system().bursts(BURST, |number| Queued { number }))
        .add(MAILBOX, system().bursts(BURST, |number| Batched { number }))
        .add("tokio mpsc", channels::tokio())
        .add(KANAL, channels::kanal())
        .add(CROSSFIRE, channels::crossfire())
        .add(FLUME, channels::flume())
        .add(ACTIX, actors::actix())
        .add(KAMEO, actors::kameo())
        .add(RACTOR, actors::ractor())
        .goal(Goal::ratio(MAILBOX, KANAL, 0.8))
        .goal(Goal::ratio(MAILBOX, CROSSFIRE, 0.8))
        .goal(Goal::ratio(MAILBOX, FLUME, 0.8))
        .goal(Goal::faster(WHOLE, ACTIX, 5.0))
        .goal(Goal::faster(WHOLE, KAMEO, 5.0))
        .goal(Goal::faster(WHOLE, RACTOR, 5.0))
}
