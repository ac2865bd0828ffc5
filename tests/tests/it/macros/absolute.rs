//! Paths in what is generated are absolute: nothing of the prelude is needed.
#![no_implicit_prelude]

use ::plugin_core::{
    Error, Plugin, event,
    event::{AnyEvent, Batch, Envelope, Publisher},
    plugin, service,
};
// The derive of schemars calls `into`.
use ::std::convert::Into as _;
use ::std::{assert_eq, option::Option, option::Option::Some, result::Result::Ok, string::String};

#[event("absolute.event")]
#[derive(::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
#[schemars(crate = "::schemars")]
struct Event {
    id: u64,
}

#[event("absolute.ask", answer = Option<u64>)]
#[derive(::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
#[schemars(crate = "::schemars")]
struct Ask {
    id: u64,
}

/// Says
#[doc = ::std::concat!("some", "thing.")]
#[service]
trait Say {
    async fn say(&self, text: &str) -> String;
    async fn or(&self) -> u64 {
        1
    }
    fn plain(&self) -> u64;
}

#[service(many)]
trait Many {
    fn one(&self);
}

struct Absolute;

#[plugin(
    name = "absolute-plugin",
    version = "1.0.0",
    provides(Say, Many(priority = 1))
)]
impl Absolute {
    #[init]
    async fn init(out: Publisher<Event>) -> ::plugin_core::Result<Self> {
        let _ = out;
        Ok(Self)
    }

    #[start]
    async fn start(&self, tasks: ::plugin_core::Tasks) {
        let _ = tasks;
    }

    #[stop]
    fn stop(&self) {}

    #[health]
    fn health(&self) -> ::plugin_core::lifecycle::Health {
        ::plugin_core::lifecycle::Health::Healthy
    }

    #[subscribe(filter = |event| event.id > 0, priority = 2)]
    fn inline(&self, _: &Envelope<Event>) -> ::std::result::Result<(), Error> {
        Ok(())
    }

    #[subscribe(
        retry = 2, backoff = "1s", max_backoff = "2s", timeout = "1s", concurrency = 2,
        group = "absolute", key = |event| event.id, overflow = drop_newest
    )]
    async fn queued(&self, _: &Event) {}

    #[subscribe(batch = 2, linger = "1s")]
    async fn many(&self, _: Batch<Event>) {}

    #[subscribe("absolute.*")]
    fn any(&self, _: &AnyEvent<'_>) {}

    #[subscribe("absolute.*", key = |event| event.id())]
    async fn any_queued(&self, _: &AnyEvent<'_>) {}

    #[respond(timeout = "1s", concurrency = 2)]
    async fn answer(&self, ask: &Ask) -> Option<u64> {
        Some(ask.id)
    }

    #[schedule(cron = "0 3 * * *", jitter = "1s", overlap = queue, misfire = skip, max_runs = 2)]
    async fn nightly(&self) {}

    #[schedule(every = "1m", timeout = "1s")]
    fn tick(&self, _: &::plugin_core::schedule::ScheduledRun) {}

    #[intercept(publish, topics = "absolute.**", priority = 2)]
    fn check(&self, _: &AnyEvent<'_>) -> ::plugin_core::Result<()> {
        Ok(())
    }
}

#[service]
impl Say for Absolute {
    async fn say(&self, text: &str) -> String {
        ::std::borrow::ToOwned::to_owned(text)
    }

    fn plain(&self) -> u64 {
        1
    }
}

#[service]
impl Many for Absolute {
    fn one(&self) {}
}

mod composed {
    ::plugin_core::compose! {
        super::Absolute as "absolute-plugin" provides(Say, Many) answers("absolute.ask"),
    }
}

#[test]
fn report_d1_nothing_of_the_prelude_is_needed() {
    assert_eq!(Absolute::DESCRIPTOR.subscriptions.len(), 5);
    let say = <dyn Say as ::plugin_core::service::ServiceTrait>::DESCRIPTOR;
    assert_eq!(say.description, "Says something.");
    assert_eq!(composed::COMPOSITION.catalogue().len(), 0);
}
