//! Publish to N synchronous subscribers, beside direct calls and two home-made buses.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::RwLock;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::system::System;

type Typed<E> = Box<dyn Fn(&E) + Send + Sync>;
type Erased = Box<dyn Fn(&dyn Any) + Send + Sync>;

/// An event, its subscribers in the kernel, and the same subscribers by hand.
trait Subject: Event {
    const SUBSCRIBERS: usize;
    type Listener: Plugin;

    fn of(number: u64) -> Self;
    /// The limit: calls that may not be inlined.
    fn direct(&self);
    fn typed() -> Vec<Typed<Self>>;
    fn erased() -> Vec<Erased>;
}

/// The salts make each handler a function of its own, which the compiler can't merge.
macro_rules! subject {
    ($event:ident $topic:tt, $listener:ident $name:tt, [$($handler:ident $salt:literal)*]) => {
        #[event($topic)]
        #[derive(Serialize, Deserialize, JsonSchema)]
        struct $event {
            number: u64,
        }

        struct $listener;

        #[plugin(name = $name)]
        impl $listener {
            #[init]
            fn init() -> Self {
                Self
            }

            $(
                #[subscribe]
                fn $handler(&self, event: &$event) {
                    black_box(event.number ^ $salt);
                }
            )*
        }

        impl $event {
            $(
                #[inline(never)]
                fn $handler(&self) {
                    black_box(self.number ^ $salt);
                }
            )*
        }

        impl Subject for $event {
            const SUBSCRIBERS: usize = <[u64]>::len(&[$($salt),*]);
            type Listener = $listener;

            fn of(number: u64) -> Self {
                Self { number }
            }

            fn direct(&self) {
                $(self.$handler();)*
            }

            fn typed() -> Vec<Typed<Self>> {
                vec![$(Box::new(|event: &Self| { black_box(event.number ^ $salt); })),*]
            }

            fn erased() -> Vec<Erased> {
                vec![$(Box::new(|event: &dyn Any| {
                    if let Some(event) = event.downcast_ref::<Self>() {
                        black_box(event.number ^ $salt);
                    }
                })),*]
            }
        }
    };
}

subject!(ToNone "bench.to_none", None_ "listener-of-none", []);
subject!(ToOne "bench.to_one", One "listener-of-one", [on_1 1]);
subject!(ToFour "bench.to_four", Four "listener-of-four", [on_1 1 on_2 2 on_3 3 on_4 4]);
subject!(ToSixteen "bench.to_sixteen", Sixteen "listener-of-sixteen", [
    on_1 1 on_2 2 on_3 3 on_4 4 on_5 5 on_6 6 on_7 7 on_8 8
    on_9 9 on_10 10 on_11 11 on_12 12 on_13 13 on_14 14 on_15 15 on_16 16
]);

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("publish to N synchronous subscribers");
    measure::<ToNone>(&mut group);
    measure::<ToOne>(&mut group);
    measure::<ToFour>(&mut group);
    measure::<ToSixteen>(&mut group);
    group.finish();
}

fn measure<E: Subject>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let count = E::SUBSCRIBERS;
    group.bench_function(BenchmarkId::new("direct calls", count), |bencher| {
        bencher.iter(|| E::of(black_box(1)).direct());
    });

    let system = System::start(&[E::Listener::DESCRIPTOR]);
    let publisher = system.running.publisher::<E>();
    group.bench_function(BenchmarkId::new("kernel", count), |bencher| {
        bencher
            .to_async(&system.runtime)
            .iter(|| publisher.publish(E::of(black_box(1))));
    });
    system.stop();

    let handlers = black_box(E::typed());
    group.bench_function(BenchmarkId::new("Vec of closures", count), |bencher| {
        bencher.iter(|| {
            let event = E::of(black_box(1));
            handlers.iter().for_each(|handler| handler(&event));
        });
    });

    let bus = black_box(RwLock::new(HashMap::from([(
        TypeId::of::<E>(),
        E::erased(),
    )])));
    group.bench_function(BenchmarkId::new("map by TypeId", count), |bencher| {
        bencher.iter(|| by_type(&bus, &E::of(black_box(1))));
    });
}

/// The usual home-made bus.
fn by_type<E: Subject>(bus: &RwLock<HashMap<TypeId, Vec<Erased>>>, event: &E) {
    let handlers = bus.read().expect("no handler panics");
    for handler in handlers.get(&TypeId::of::<E>()).into_iter().flatten() {
        handler(event);
    }
}
