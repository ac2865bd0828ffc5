//! What the kernel costs, each figure beside its baselines in the same contest.
//!
//! `cargo bench -p kernel-benches`, then `cargo run -p kernel-benches` for the goals.

mod burst;
mod call;
mod cores;
mod lifecycle;
mod pattern;
mod plan;
mod publish;
mod queued;
mod reload;
mod service;
mod tap;
mod threads;
mod topic;
mod workers;

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kernel_benches::{Contest, save};

fn short() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
}

/// Lets criterion time each variant by itself, for a look at how one changes from run to run, and
/// then compares them in rounds. A filter of the command line holds for both.
fn hold(criterion: &mut Criterion, mut contest: Contest) {
    let mut chosen = false;
    let mut group = criterion.benchmark_group(contest.name());
    group.throughput(Throughput::Elements(contest.size()));
    for variant in contest.variants() {
        group.bench_function(variant.name(), |bencher| {
            chosen = true;
            bencher.iter_custom(|times| variant.run(times).0);
        });
    }
    group.finish();
    let only_tried = std::env::args().any(|argument| argument == "--test");
    if chosen && !only_tried {
        let outcomes = contest.measure();
        save(contest.name(), &outcomes).expect("the target directory can be written");
    }
}

criterion_group! {
    name = kernel;
    config = short();
    targets = publish::bench, pattern::bench, threads::bench, queued::bench, call::bench,
        workers::bench, burst::bench, topic::bench, service::bench, lifecycle::bench, plan::bench,
        reload::bench, tap::bench
}
criterion_main!(kernel);
