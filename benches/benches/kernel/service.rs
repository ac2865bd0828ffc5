//! A call through the handle of a service, beside one through an `Arc` of the same provider.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::system::System;

/// Adds a number to the provider's own.
#[service]
trait Sum {
    /// On the spot.
    fn add(&self, number: u64) -> u64;
    /// In a future.
    async fn add_later(&self, number: u64) -> u64;
}

struct Adder {
    own: u64,
}

#[plugin(name = "adder", provides(Sum))]
impl Adder {
    #[init]
    fn init() -> Self {
        Self { own: 1 }
    }
}

#[service]
impl Sum for Adder {
    fn add(&self, number: u64) -> u64 {
        self.own + number
    }

    async fn add_later(&self, number: u64) -> u64 {
        self.own + number
    }
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let system = System::start(&[Adder::DESCRIPTOR]);
    let service = (system.running.service::<dyn Sum>()).expect("the adder provides it");
    let direct: Arc<dyn Sum> = black_box(Arc::new(Adder { own: 1 }));

    let mut group = criterion.benchmark_group("call of a service");
    group.bench_function("kernel", |bencher| {
        bencher.iter(|| service.add(black_box(1)));
    });
    group.bench_function("Arc<dyn Trait>", |bencher| {
        bencher.iter(|| direct.add(black_box(1)));
    });
    group.finish();

    let mut group = criterion.benchmark_group("asynchronous call of a service");
    group.bench_function("kernel", |bencher| {
        let runtime = &system.runtime;
        bencher
            .to_async(runtime)
            .iter(|| service.add_later(black_box(1)));
    });
    group.bench_function("Arc<dyn Trait>", |bencher| {
        let runtime = &system.runtime;
        bencher
            .to_async(runtime)
            .iter(|| direct.add_later(black_box(1)));
    });
    group.finish();
    system.stop();
}
