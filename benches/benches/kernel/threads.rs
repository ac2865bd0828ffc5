//! Publish from two threads at once, beside the same from one: what they cost each other.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use kernel_benches::{Contest, Goal, Lap, Subject, System, ToFour, by_type};
use plugin_core::Plugin;

use crate::cores::Cores;
use crate::hold;

pub(crate) fn bench(criterion: &mut Criterion) {
    let cores = Arc::new(Cores::new());
    let system = System::start(&[<ToFour as Subject>::Listener::DESCRIPTOR]);
    let publisher = system.running().publisher::<ToFour>();
    let kernel = on(&cores, move || {
        black_box(publisher.try_publish(ToFour::of(black_box(1))).is_ok());
    });
    // Known to be slow together: without it nobody knows that the measurement would see it.
    let by_type = on(&cores, by_type::<ToFour>());
    let contest = Contest::new("publish on two threads at once, N = 4")
        .watched("one thread", kernel(1))
        .watched("two threads", kernel(2))
        .watched("map by TypeId, one thread", by_type(1))
        .watched("map by TypeId, two threads", by_type(2))
        .goal(Goal::ratio("two threads", "one thread", 1.05));
    hold(criterion, contest);
    drop(system);
}

/// Runs on each of so many threads.
fn on<W>(cores: &Arc<Cores>, work: W) -> impl Fn(usize) -> Box<dyn FnMut(u64) -> Lap> + use<W>
where
    W: Fn() + Send + Sync + 'static,
{
    let (cores, work) = (Arc::clone(cores), Arc::new(work));
    move |threads| {
        let (cores, work) = (Arc::clone(&cores), Arc::clone(&work));
        Box::new(move |times| {
            let work = Arc::clone(&work);
            cores.run(
                threads,
                &(Arc::new(move |_| (0..times).for_each(|_| work())) as _),
            )
        })
    }
}
