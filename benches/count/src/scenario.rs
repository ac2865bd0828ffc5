//! What is counted.

use std::hint::black_box;
use std::sync::Arc;

use kernel_benches::{Subject, System, ToFour, ToNone, ToOne, ToSixteen, ToSixtyFour};
use plugin_core::Plugin;
use plugin_core::prelude::*;

/// Operations of the two runs: whole rounds of the calls of which one is timed.
pub(crate) const RUNS: [u64; 2] = [640, 2_560];
/// Operations before them, so that what happens once has happened.
const WARM_UP: u64 = 640;

/// Something to count.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) goal: Goal,
    run: fn(),
}

/// The most that an operation may take.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    None,
    /// Instructions, none of them locked.
    Instructions(u32),
    /// So many times as many as another scenario.
    Times(f64, &'static str),
}

const ARC: &str = "call through Arc<dyn Trait>";

/// A publish to N: 30 and 22 for each.
const fn inline(subscribers: u32) -> Goal {
    Goal::Instructions(30 + 22 * subscribers)
}

pub(crate) const SCENARIOS: [Scenario; 13] = [
    scenario("try_publish, N = 0", inline(0), trying::<ToNone>),
    scenario("try_publish, N = 1", inline(1), trying::<ToOne>),
    scenario("try_publish, N = 4", inline(4), trying::<ToFour>),
    scenario("try_publish, N = 16", inline(16), trying::<ToSixteen>),
    scenario("try_publish, N = 64", inline(64), trying::<ToSixtyFour>),
    scenario("publish, N = 0", inline(0), awaiting::<ToNone>),
    scenario("publish, N = 1", inline(1), awaiting::<ToOne>),
    scenario("publish, N = 4", inline(4), awaiting::<ToFour>),
    scenario("publish, N = 16", inline(16), awaiting::<ToSixteen>),
    scenario("publish, N = 64", inline(64), awaiting::<ToSixtyFour>),
    scenario("publish and handle, asynchronous", Goal::None, queued),
    scenario(ARC, Goal::None, through_arc),
    scenario("call of a service", Goal::Times(1.5, ARC), through_handle),
];

const fn scenario(name: &'static str, goal: Goal, run: fn()) -> Scenario {
    Scenario { name, goal, run }
}

pub(crate) fn run_all() {
    for scenario in SCENARIOS {
        (scenario.run)();
    }
}

/// The function that callgrind looks for by its name: it counts what happens in it, and writes the
/// count down when it returns.
#[inline(never)]
fn counted_region(operations: &mut dyn FnMut(u64), times: u64) {
    operations(black_box(times));
}

fn count(mut operations: impl FnMut(u64)) {
    operations(black_box(WARM_UP));
    for times in RUNS {
        counted_region(&mut operations, times);
    }
}

fn trying<E: Subject>() {
    let system = System::start(&[E::Listener::DESCRIPTOR]);
    let publisher = system.running().publisher::<E>();
    count(|times| {
        for _ in 0..times {
            black_box(publisher.try_publish(E::of(black_box(1))).is_ok());
        }
    });
}

fn awaiting<E: Subject>() {
    let system = System::start(&[E::Listener::DESCRIPTOR]);
    let publisher = system.running().publisher::<E>();
    count(|times| {
        system.runtime().block_on(async {
            for _ in 0..times {
                black_box(publisher.publish(E::of(black_box(1))).await.is_ok());
            }
        });
    });
}

#[event("count.queued")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Queued {
    number: u64,
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

/// So many events are published before their handling is waited for.
const BURST: u64 = 64;

/// The whole way of an event: publish, mailbox, worker, handler.
fn queued() {
    let system = System::start(&[Listener::DESCRIPTOR]);
    let publisher = system.running().publisher::<Queued>();
    count(|times| {
        system.runtime().block_on(async {
            for number in 1..=times {
                black_box(publisher.publish(Queued { number }).await.is_ok());
                if number % BURST == 0 {
                    system.running().idle().await;
                }
            }
        });
    });
}

/// Adds a number to the provider's own.
#[service]
trait Sum {
    fn add(&self, number: u64) -> u64;
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
}

fn through_arc() {
    let adder: Arc<dyn Sum> = black_box(Arc::new(Adder { own: 1 }));
    count(|times| {
        for _ in 0..times {
            black_box(adder.add(black_box(1)));
        }
    });
}

fn through_handle() {
    let system = System::start(&[Adder::DESCRIPTOR]);
    let service = (system.running().service::<dyn Sum>()).expect("the adder provides it");
    count(|times| {
        for _ in 0..times {
            black_box(service.add(black_box(1)));
        }
    });
}
