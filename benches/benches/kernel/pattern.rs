//! Publish to subscribers of a pattern, beside as many subscribers of the type.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use criterion::Criterion;
use kernel_benches::{Contest, Goal, System, timed};
use plugin_core::Plugin;
use plugin_core::event::Event;
use plugin_core::prelude::*;

use crate::hold;

/// An event and a plugin that hears it four times. The handlers look at the event and not into it,
/// because a handler of a pattern does not know its type.
macro_rules! listener {
    ($event:ident $topic:tt, $listener:ident $name:tt, ($($pattern:tt)*), ($($argument:tt)*)) => {
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

            #[subscribe $($pattern)*]
            fn on_1(&self, event: $($argument)*) {
                black_box((event, 1));
            }

            #[subscribe $($pattern)*]
            fn on_2(&self, event: $($argument)*) {
                black_box((event, 2));
            }

            #[subscribe $($pattern)*]
            fn on_3(&self, event: $($argument)*) {
                black_box((event, 3));
            }

            #[subscribe $($pattern)*]
            fn on_4(&self, event: $($argument)*) {
                black_box((event, 4));
            }
        }
    };
}

listener!(Exact "bench.exact", OfType "listener-of-type", (), (&Exact));
listener!(Matched "bench_pattern.one", OfPattern "listener-of-pattern", (("bench_pattern.*")), (&AnyEvent<'_>));

pub(crate) fn bench(criterion: &mut Criterion) {
    let system = Rc::new(System::start(&[OfType::DESCRIPTOR, OfPattern::DESCRIPTOR]));
    let contest = Contest::new("publish to 4 subscribers of a pattern")
        .add("of the type", publish(&system, |number| Exact { number }))
        .add(
            "of a pattern",
            publish(&system, |number| Matched { number }),
        )
        .goal(Goal::ratio("of a pattern", "of the type", 1.05));
    hold(criterion, contest);
}

fn publish<E: Event, F: Fn(u64) -> E + 'static>(
    system: &Rc<System>,
    event: F,
) -> impl FnMut(u64) -> Duration + use<E, F> {
    let (publisher, running) = (system.running().publisher::<E>(), Rc::clone(system));
    let mut publish = timed(move || publisher.try_publish(event(black_box(1))).is_ok());
    move |times| {
        let _running = &running;
        publish(times)
    }
}
