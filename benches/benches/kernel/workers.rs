//! Publish to asynchronous subscribers on two workers: from one to one, from one to four, from four
//! to one, beside tokio's channel. The figure is that of one delivery. How long a cache line takes
//! between the cores of a virtual machine changes within minutes, so near and far are told apart.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use kernel_benches::{Channels, Contest, Goal, System, two_workers};
use plugin_core::event::{Bus, Publisher};
use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin};
use tokio::sync::mpsc;

use crate::cores::Cores;
use crate::hold;

const BURST: usize = 1_000;

#[event("bench.crossing")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Crossing {
    number: usize,
}

macro_rules! listeners {
    ($($listener:ident $name:tt)*) => {$(
        struct $listener;

        #[plugin(name = $name)]
        impl $listener {
            #[init]
            fn init() -> Self {
                Self
            }

            #[subscribe]
            async fn on_crossing(&self, event: &Crossing) {
                black_box(event.number);
            }
        }
    )*};
}

listeners!(First "listener-1" Second "listener-2" Third "listener-3" Fourth "listener-4");

const LISTENERS: [&Descriptor; 4] = [
    First::DESCRIPTOR,
    Second::DESCRIPTOR,
    Third::DESCRIPTOR,
    Fourth::DESCRIPTOR,
];

/// How many publish, how many listen.
#[derive(Clone, Copy)]
struct Shape {
    publishers: usize,
    listeners: usize,
}

impl Shape {
    /// What one publisher publishes, so that each listener has a burst.
    fn part(self) -> usize {
        BURST / self.publishers
    }
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let cores = Arc::new(Cores::new());
    for (publishers, listeners, bound) in [(1, 1, 0.22), (1, 4, 0.35), (4, 1, 0.35)] {
        let (shape, cores) = (
            Shape {
                publishers,
                listeners,
            },
            Arc::clone(&cores),
        );
        let contest = Contest::new(format!("two workers, {publishers} → {listeners}"))
            .operations((BURST * listeners) as u64)
            .add("kernel", kernel(shape))
            .add("tokio mpsc", channels(shape))
            .probe(move || cores.distance())
            .goal(Goal::ratio("kernel", "tokio mpsc", bound));
        hold(criterion, contest);
    }
}

fn kernel(shape: Shape) -> impl FnMut(u64) -> Duration {
    let system = System::start_on(two_workers(), &LISTENERS[..shape.listeners]);
    let publisher = system.running().publisher::<Crossing>();
    let bus = system.running().bus().clone();
    move |times| {
        let (publisher, bus) = (publisher.clone(), bus.clone());
        let bursts = system.runtime().spawn(async move {
            let began = Instant::now();
            for _ in 0..times {
                burst(&publisher, &bus, shape).await;
            }
            began.elapsed()
        });
        (system.runtime().block_on(bursts)).expect("publishing does not panic")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "publishers of a bench, which it waits for"
)]
async fn burst(publisher: &Publisher<Crossing>, bus: &Bus, shape: Shape) {
    let others: Vec<_> = (1..shape.publishers)
        .map(|_| tokio::spawn(publish(publisher.clone(), shape.part())))
        .collect();
    publish(publisher.clone(), shape.part()).await;
    for other in others {
        other.await.expect("publishing does not panic");
    }
    bus.idle().await;
}

async fn publish(publisher: Publisher<Crossing>, events: usize) {
    for number in 0..events {
        let published = publisher.publish(Crossing { number }).await;
        published.expect("the system runs");
    }
}

fn channels(shape: Shape) -> impl FnMut(u64) -> Duration {
    let runtime = two_workers();
    let channels = Channels::spawn(&runtime, shape.listeners, BURST, async |event| {
        black_box::<Arc<Crossing>>(event);
    });
    let channels = Arc::new(channels);
    move |times| {
        let channels = Arc::clone(&channels);
        let bursts = runtime.spawn(async move {
            let began = Instant::now();
            for _ in 0..times {
                sent_burst(&channels, shape).await;
            }
            began.elapsed()
        });
        runtime.block_on(bursts).expect("sending does not panic")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "senders of a bench, which it waits for"
)]
async fn sent_burst(channels: &Channels<Crossing>, shape: Shape) {
    channels.progress.begin(shape.listeners);
    for _ in 1..shape.publishers {
        drop(tokio::spawn(send(channels.senders.clone(), shape.part())));
    }
    send(channels.senders.clone(), shape.part()).await;
    channels.progress.done().await;
}

async fn send(senders: Vec<mpsc::Sender<Arc<Crossing>>>, events: usize) {
    for number in 0..events {
        let event = Arc::new(Crossing { number });
        for sender in &senders {
            let sent = sender.send(Arc::clone(&event)).await;
            sent.expect("the receiver waits");
        }
    }
}
