//! Start and stop of N trivial plugins, beside N bare tasks that are spawned, ended and joined.

use std::sync::Arc;

use criterion::{BatchSize, BenchmarkId, Criterion};
use plugin_core::{Descriptor, Hooks, PluginRef};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::system::{Set, runtime};

/// The hooks of a plugin that does nothing.
pub(crate) const HOOKS: Hooks =
    Hooks::new(|_| Ok(Box::pin(async { Ok(Arc::new(()) as PluginRef) })));

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start and stop of N plugins");
    let runtime = runtime();
    for count in [100, 1_000] {
        let set = Set::new(&plugins(count));
        group.bench_function(BenchmarkId::new("kernel", count), |bencher| {
            bencher.to_async(&runtime).iter_batched(
                || set.configure(),
                async |configured| {
                    let running = configured.start().await.expect("the plugins start");
                    assert!(running.stop().await.is_clean());
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function(BenchmarkId::new("bare tasks", count), |bencher| {
            bencher.to_async(&runtime).iter(async || {
                for (end, task) in (0..count).map(|_| task(&runtime)).collect::<Vec<_>>() {
                    drop(end);
                    task.await.expect("a task that waits does not panic");
                }
            });
        });
    }
    group.finish();
}

/// A task that waits for its end.
fn task(runtime: &Runtime) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (end, ended) = oneshot::channel();
    let task = runtime.spawn(async { ended.await.unwrap_or_default() });
    (end, task)
}

fn plugins(count: usize) -> Vec<&'static Descriptor> {
    (0..count)
        .map(|at| {
            let plugin = Descriptor::new(format!("plugin-{at:04}").leak(), "1.0.0", HOOKS);
            &*Box::leak(Box::new(plugin))
        })
        .collect()
}
