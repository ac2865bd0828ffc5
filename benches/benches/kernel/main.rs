//! What the kernel costs, each figure beside its baselines in the same group.
//!
//! `cargo bench -p kernel-benches`, then `cargo run -p kernel-benches` for the ratios. The
//! variant `kernel` of a group is the kernel's; the others do the same by hand.

mod lifecycle;
mod plan;
mod publish;
mod queued;
mod service;
mod system;
mod topic;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

fn short() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! {
    name = kernel;
    config = short();
    targets = publish::bench, queued::bench, topic::bench, service::bench, plan::bench, lifecycle::bench
}
criterion_main!(kernel);
