//! Publish to one asynchronous subscriber, the whole way: queued, guarded, with a time limit.
//! Bursts of a thousand, each waited for; the figure is that of one event.

use std::hint::black_box;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use futures_util::FutureExt;
use kernel_benches::{Channels, Contest, Goal, Progress, System, one_thread};
use plugin_core::Plugin;
use plugin_core::prelude::*;
use tokio::runtime::Runtime;

use crate::hold;

const BURST: usize = 1_000;
const LIMIT: Duration = Duration::from_secs(30);

const WHOLE: &str = "kernel";
const MAILBOX: &str = "kernel, batch handler";
const RECV: &str = "tokio mpsc";
const GUARDED: &str = "mpsc, box, timeout, guard";
const SPAWNED: &str = "spawn, timeout";

#[event("bench.queued")]
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Queued {
    pub(crate) number: usize,
}

#[event("bench.batched")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Batched {
    number: usize,
}

pub(crate) struct Listener;

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

async fn handle(event: Arc<Queued>) {
    black_box(event.number);
}

async fn guarded(future: Pin<Box<dyn Future<Output = ()> + Send>>) {
    let caught = AssertUnwindSafe(future).catch_unwind();
    let limited = tokio::time::timeout(LIMIT, caught).await;
    black_box(limited.is_ok_and(|caught| caught.is_ok()));
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let contest = Contest::new("publish to one asynchronous subscriber")
        .operations(BURST as u64)
        .add(WHOLE, kernel(|number| Queued { number }))
        .add(MAILBOX, kernel(|number| Batched { number }))
        .add(RECV, channel(one_thread(), handle))
        .add(
            GUARDED,
            channel(one_thread(), |event| guarded(Box::pin(handle(event)))),
        )
        .add(SPAWNED, spawned(one_thread()))
        .goal(Goal::ratio(MAILBOX, RECV, 0.3))
        .goal(Goal::nanos(WHOLE, 20.0))
        .goal(Goal::ratio(WHOLE, GUARDED, 0.25))
        .goal(Goal::ratio(WHOLE, SPAWNED, 0.06));
    hold(criterion, contest);
}

fn kernel<E: Event>(event: impl Fn(usize) -> E + 'static) -> impl FnMut(u64) -> Duration {
    System::start(&[Listener::DESCRIPTOR]).bursts(BURST, event)
}

/// A task that receives from a channel and handles each event in turn.
fn channel<F, H>(runtime: Runtime, handle: H) -> impl FnMut(u64) -> Duration
where
    F: Future<Output = ()> + Send,
    H: Fn(Arc<Queued>) -> F + Copy + Send + Sync + 'static,
{
    let Channels { senders, progress } = Channels::spawn(&runtime, 1, BURST, handle);
    move |times| {
        runtime.block_on(async {
            let began = Instant::now();
            for _ in 0..times {
                progress.begin(1);
                for number in 0..BURST {
                    let sent = senders[0].send(Arc::new(Queued { number })).await;
                    sent.expect("the receiver waits");
                }
                progress.done().await;
            }
            began.elapsed()
        })
    }
}

/// A task for each event.
fn spawned(runtime: Runtime) -> impl FnMut(u64) -> Duration {
    let progress = Arc::new(Progress::default());
    move |times| {
        runtime.block_on(async {
            let began = Instant::now();
            for _ in 0..times {
                progress.begin(BURST);
                for number in 0..BURST {
                    let (event, progress) = (Arc::new(Queued { number }), Arc::clone(&progress));
                    drop(runtime.spawn(async move {
                        let _late = tokio::time::timeout(LIMIT, handle(event)).await;
                        progress.part_is_done();
                    }));
                }
                progress.done().await;
            }
            began.elapsed()
        })
    }
}
