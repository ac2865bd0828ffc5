//! Methods and marks that are there in some builds only.

use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin};

#[event("conditional.event")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Event {
    id: u64,
}

#[event("conditional.ask", answer = u64)]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Ask {
    id: u64,
}

struct Conditional;

#[cfg_attr(all(), plugin(name = "conditional-plugin"))]
impl Conditional {
    #[init]
    fn init() -> Self {
        Self
    }

    #[cfg_attr(all(), subscribe)]
    fn heard(&self, _: &Event) {}

    #[cfg_attr(any(), subscribe)]
    #[allow(dead_code, reason = "this build does not mark it")]
    fn plain(&self, _: &Event) {}

    #[cfg_attr(
        all(),
        subscribe(retry = 2),
        allow(clippy::unused_async, reason = "a test")
    )]
    #[cfg_attr(not(all()), subscribe(durable))]
    async fn either(&self, _: &Event) {}

    #[cfg_attr(all(), cfg_attr(all(), subscribe("conditional.*")))]
    fn nested(&self, _: &AnyEvent<'_>) {}

    #[cfg_attr(all(), cfg(any()), subscribe)]
    fn absent(&self, _: &NoSuchType) {}

    #[cfg(any())]
    #[subscribe(durable, key = |event| event.id, filter = |event| event.id > 0)]
    async fn gone(&self, _: &NoSuchType) {}

    #[cfg(any())]
    #[schedule(cron = "no cron at all")]
    async fn never(&self) {}

    #[cfg_attr(any(), schedule(cron = "no cron at all"))]
    #[cfg_attr(all(), schedule(every = "1m"))]
    fn tick(&self) {}

    #[cfg_attr(all(), respond)]
    fn answer(&self, ask: &Ask) -> u64 {
        ask.id
    }

    #[cfg(any())]
    #[respond]
    fn other(&self, ask: &Ask) -> u64 {
        ask.id
    }

    #[cfg_attr(all(), intercept(publish))]
    #[cfg_attr(any(), intercept(publish, priority = 2))]
    fn check(&self, _: &AnyEvent<'_>) {}
}

#[test]
fn report_d1_marks_behind_a_cfg_attr_are_read() {
    let descriptor: &Descriptor = Conditional::DESCRIPTOR;
    let handlers: Vec<_> = descriptor
        .subscriptions
        .iter()
        .map(|one| one.handler)
        .collect();
    assert_eq!(handlers, ["heard", "either", "nested"]);
    let either = &descriptor.subscriptions[1].options;
    assert!(either.retry.is_some() && !either.durable);
    let schedules: Vec<_> = descriptor.schedules.iter().map(|one| one.name).collect();
    assert_eq!(schedules, ["tick"]);
    assert_eq!(descriptor.responds.len(), 1);
    assert_eq!(descriptor.interceptors.len(), 1);
    assert!(descriptor.needs.is_empty(), "{:?}", descriptor.needs);
}
