//! Start and stop of N trivial plugins, beside N bare tasks that are spawned, ended and joined.

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use kernel_benches::{Contest, Goal, Set, one_thread, timed};
use plugin_core::lifecycle::Configured;
use plugin_core::{Descriptor, Hooks, PluginRef};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::hold;

/// The hooks of a plugin that does nothing.
pub(crate) const HOOKS: Hooks =
    Hooks::new(|_| Ok(Box::pin(async { Ok(Arc::new(()) as PluginRef) })));

pub(crate) fn bench(criterion: &mut Criterion) {
    for count in [100, 1_000] {
        let mut contest = Contest::new(format!("start and stop of {count} plugins"))
            .add("kernel", kernel(count))
            .add("bare tasks", tasks(count));
        if count == 1_000 {
            contest = contest.goal(Goal::nanos("kernel", 1e6));
        }
        hold(criterion, contest);
    }
}

/// To configure them is not in the figure.
fn kernel(count: usize) -> impl FnMut(u64) -> Duration {
    let (runtime, set) = (one_thread(), Set::new(&plugins(count)));
    move |times| {
        (0..times)
            .map(|_| runtime.block_on(start_and_stop(set.configure())))
            .sum()
    }
}

async fn start_and_stop(configured: Configured) -> Duration {
    let began = Instant::now();
    let running = configured.start().await.expect("the plugins start");
    assert!(running.stop().await.is_clean());
    began.elapsed()
}

fn tasks(count: usize) -> impl FnMut(u64) -> Duration {
    let runtime = one_thread();
    timed(move || {
        runtime.block_on(async {
            for (end, task) in (0..count).map(|_| task(&runtime)).collect::<Vec<_>>() {
                drop(end);
                task.await.expect("a task that waits does not panic");
            }
        });
    })
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
