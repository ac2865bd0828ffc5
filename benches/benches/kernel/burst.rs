//! From an event's publishing to its handling on two workers, when nobody is busy: of a lone event,
//! and of the middle one in a burst of 64, beside tokio's channel.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use criterion::Criterion;
use kernel_benches::{Channels, Contest, Goal, System, two_workers};
use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::cores::Cores;
use crate::hold;

const LONGEST: usize = 64;

/// An event with the time at which it was published, in nanoseconds of [`now`].
#[event("bench.stamped")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Stamped {
    number: usize,
    published: u64,
}

/// Nanoseconds from publishing to handling, of each event of the burst.
static LATENCIES: [AtomicU64; LONGEST] = [const { AtomicU64::new(0) }; LONGEST];

fn now() -> u64 {
    static ZERO: LazyLock<Instant> = LazyLock::new(Instant::now);
    ZERO.elapsed().as_nanos() as u64
}

impl Stamped {
    fn new(number: usize) -> Self {
        let published = now();
        Self { number, published }
    }

    fn note(&self) {
        LATENCIES[self.number].store(now() - self.published, Relaxed);
    }
}

fn median(events: usize) -> Duration {
    let mut latencies: Vec<_> = (LATENCIES[..events].iter())
        .map(|latency| latency.load(Relaxed))
        .collect();
    latencies.sort_unstable();
    Duration::from_nanos(latencies[events / 2])
}

struct Listener;

#[plugin(name = "stamp-listener")]
impl Listener {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn on_stamped(&self, event: &Stamped) {
        event.note();
    }
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let cores = Arc::new(Cores::new());
    for (events, bound) in [(1, 0.6), (LONGEST, 0.4)] {
        let cores = Arc::clone(&cores);
        let contest = Contest::new(format!("two workers, latency in a burst of {events}"))
            .add("kernel", kernel(events))
            .add("tokio mpsc", channel(events))
            .probe(move || cores.distance())
            .goal(Goal::ratio("kernel", "tokio mpsc", bound));
        hold(criterion, contest);
    }
}

fn kernel(events: usize) -> impl FnMut(u64) -> Duration {
    let system = System::start_on(two_workers(), &[Listener::DESCRIPTOR]);
    let publisher = system.running().publisher::<Stamped>();
    let bus = system.running().bus().clone();
    move |times| {
        let (publisher, bus) = (publisher.clone(), bus.clone());
        let bursts = system.runtime().spawn(async move {
            let mut sum = Duration::ZERO;
            for _ in 0..times {
                for number in 0..events {
                    let published = publisher.publish(Stamped::new(number)).await;
                    published.expect("the system runs");
                }
                bus.idle().await;
                sum += median(events);
            }
            sum
        });
        (system.runtime().block_on(bursts)).expect("publishing does not panic")
    }
}

fn channel(events: usize) -> impl FnMut(u64) -> Duration {
    let runtime = two_workers();
    let channels = Channels::spawn(&runtime, 1, events, async |event: Arc<Stamped>| {
        event.note();
    });
    let channels = Arc::new(channels);
    move |times| {
        let channels = Arc::clone(&channels);
        let bursts = runtime.spawn(async move {
            let mut sum = Duration::ZERO;
            for _ in 0..times {
                channels.progress.begin(1);
                for number in 0..events {
                    let event = Arc::new(Stamped::new(number));
                    let sent = channels.senders[0].send(event).await;
                    sent.expect("the receiver waits");
                }
                channels.progress.done().await;
                sum += median(events);
            }
            sum
        });
        runtime.block_on(bursts).expect("sending does not panic")
    }
}
