//! Publish to one asynchronous subscriber, the whole way: queued, guarded, with a time limit.
//! Bursts of a thousand, each waited for; the figure is per event.

use std::hint::black_box;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use futures_util::FutureExt;
use plugin_core::Plugin;
use plugin_core::prelude::*;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc};

use crate::system::{System, runtime};

const BURST: usize = 1_000;
const MAILBOX: usize = 1_024;
const LIMIT: Duration = Duration::from_secs(30);

#[event("bench.queued")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Queued {
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
}

async fn handle(event: Arc<Queued>) {
    black_box(event.number);
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("publish to one asynchronous subscriber");
    group.throughput(Throughput::Elements(BURST as u64));
    kernel(&mut group);
    let runtime = runtime();
    channel(&mut group, &runtime, "mpsc", handle);
    channel(&mut group, &runtime, "mpsc, box, limit, guard", |event| {
        guarded(Box::pin(handle(event)))
    });
    spawned(&mut group, &runtime);
    group.finish();
}

async fn guarded(future: Pin<Box<dyn Future<Output = ()> + Send>>) {
    let caught = AssertUnwindSafe(future).catch_unwind();
    black_box(
        tokio::time::timeout(LIMIT, caught)
            .await
            .is_ok_and(|caught| caught.is_ok()),
    );
}

fn kernel(group: &mut BenchmarkGroup<'_, WallTime>) {
    let system = System::start(&[Listener::DESCRIPTOR]);
    let publisher = system.running.publisher::<Queued>();
    group.bench_function("kernel", |bencher| {
        bencher.to_async(&system.runtime).iter(async || {
            for number in 0..BURST {
                let published = publisher.publish(Queued { number }).await;
                published.expect("the system runs");
            }
            system.running.idle().await;
        });
    });
    system.stop();
}

/// A task that receives from a channel and handles each event in turn.
fn channel<F>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runtime: &Runtime,
    name: &str,
    handle: impl Fn(Arc<Queued>) -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send,
{
    let (sender, mut receiver) = mpsc::channel::<Arc<Queued>>(MAILBOX);
    let done = Arc::new(Notify::new());
    let told = Arc::clone(&done);
    let receive = runtime.spawn(async move {
        let mut handled = 0;
        while let Some(event) = receiver.recv().await {
            handle(event).await;
            handled += 1;
            if handled % BURST == 0 {
                told.notify_one();
            }
        }
    });
    group.bench_function(name, |bencher| {
        bencher.to_async(runtime).iter(async || {
            for number in 0..BURST {
                let sent = sender.send(Arc::new(Queued { number })).await;
                sent.expect("the receiver waits");
            }
            done.notified().await;
        });
    });
    drop(sender);
    runtime.block_on(receive).expect("no handler panics");
}

/// A task for each event.
fn spawned(group: &mut BenchmarkGroup<'_, WallTime>, runtime: &Runtime) {
    let (left, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    group.bench_function("spawn, limit", |bencher| {
        bencher.to_async(runtime).iter(async || {
            left.store(BURST, Relaxed);
            for number in 0..BURST {
                let event = Arc::new(Queued { number });
                let (left, done) = (Arc::clone(&left), Arc::clone(&done));
                drop(runtime.spawn(async move {
                    let _late = tokio::time::timeout(LIMIT, handle(event)).await;
                    if left.fetch_sub(1, Relaxed) == 1 {
                        done.notify_one();
                    }
                }));
            }
            done.notified().await;
        });
    });
}
