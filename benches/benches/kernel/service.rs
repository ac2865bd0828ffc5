//! A call through the handle of a service, beside one through an `Arc` of the same provider.

use std::hint::black_box;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use kernel_benches::{Contest, Goal, System, timed};
use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::hold;

const DIRECT: &str = "Arc<dyn Trait>";

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

/// The same without the kernel: a boxed future, as a trait object has to return it.
trait ByHand: Send + Sync {
    fn add_later(&self, number: u64) -> Pin<Box<dyn Future<Output = u64> + Send + '_>>;
}

impl ByHand for Adder {
    fn add_later(&self, number: u64) -> Pin<Box<dyn Future<Output = u64> + Send + '_>> {
        Box::pin(async move { self.own + number })
    }
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let system = Rc::new(System::start(&[Adder::DESCRIPTOR]));
    let service = (system.running().service::<dyn Sum>()).expect("the adder provides it");
    let direct: Arc<dyn Sum> = black_box(Arc::new(Adder { own: 1 }));
    let by_hand: Arc<dyn ByHand> = black_box(Arc::new(Adder { own: 1 }));
    hold(criterion, at_once(service.clone(), direct));
    hold(criterion, later(&system, service, by_hand));
}

fn at_once(service: Service<dyn Sum>, direct: Arc<dyn Sum>) -> Contest {
    Contest::new("call of a service")
        .add("kernel", timed(move || service.add(black_box(1))))
        .add(DIRECT, timed(move || direct.add(black_box(1))))
        .goal(Goal::ratio("kernel", DIRECT, 1.5))
}

fn later(system: &Rc<System>, service: Service<dyn Sum>, direct: Arc<dyn ByHand>) -> Contest {
    let kernel = repeated(system, async move || service.add_later(black_box(1)).await);
    let by_hand = repeated(system, async move || direct.add_later(black_box(1)).await);
    Contest::new("asynchronous call of a service")
        .add("kernel", kernel)
        .add(DIRECT, by_hand)
        .goal(Goal::ratio("kernel", DIRECT, 1.5))
}

fn repeated<F: AsyncFn() -> u64>(
    system: &Rc<System>,
    call: F,
) -> impl FnMut(u64) -> Duration + use<F> {
    let system = Rc::clone(system);
    move |times| {
        system.runtime().block_on(async {
            let began = Instant::now();
            for _ in 0..times {
                black_box(call().await);
            }
            began.elapsed()
        })
    }
}
