//! Signatures and members that are written in another way than the examples.
#![allow(
    clippy::needless_arbitrary_self_type,
    reason = "the way of writing is what is tested"
)]

use plugin_core::prelude::*;
use plugin_core::service::ServiceTrait;
use plugin_core::{Descriptor, Plugin};

#[event("receiver.event")]
#[doc = concat!("An ", "event")]
/// that happens.
#[doc = "\n\nMore."]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Happened {
    id: u64,
}

#[doc = concat!("Talks", " about ", stringify!(it), ".")]
///
/// More.
#[service]
trait Talk {
    async fn talk(self: &Self, text: &str) -> String;
    fn shout(self: &Self) -> String;
}

struct Receivers<const N: usize>;

#[doc = concat!("Takes ", "itself")]
#[doc = " in every way."]
#[plugin(name = "receivers-plugin", provides(Talk))]
impl Receivers<2>
where
    u8: Copy,
{
    const LIMIT: u64 = 2;

    #[init]
    const fn init() -> Self {
        Self
    }

    #[start]
    async fn start(self: &Self, tasks: Tasks) -> Result<()> {
        drop(tasks);
        Ok(())
    }

    #[subscribe(filter = |event| event.id < Self::LIMIT)]
    #[expect(clippy::unused_async, reason = "the signature is what is tested")]
    async fn typed(self: &Self, _event: &Happened) {}

    #[subscribe]
    #[allow(clippy::unused_self, reason = "the signature is what is tested")]
    fn lifetimes<'a, 'b>(self: &'a Self, event: &'b Envelope<Happened>) -> Result<()>
    where
        'b: 'a,
    {
        drop(event.id.to_string());
        Ok(())
    }

    #[subscribe]
    async fn of_the_type<'a>(self: &'a Receivers<2>, event: &'a Happened) {
        drop(event.id.to_string());
    }

    #[schedule(every = "1m")]
    fn tick(self: &Self) {}

    #[health]
    fn health(self: &Self) -> Health {
        Health::Healthy
    }
}

#[service]
impl Talk for Receivers<2> {
    async fn talk(self: &Self, text: &str) -> String {
        text.to_owned()
    }

    fn shout(self: &Self) -> String {
        String::new()
    }
}

#[test]
fn report_d1_a_receiver_may_be_written_with_its_type() {
    let descriptor: &Descriptor = Receivers::DESCRIPTOR;
    let handlers: Vec<_> = descriptor
        .subscriptions
        .iter()
        .map(|one| one.handler)
        .collect();
    assert_eq!(handlers, ["typed", "lifetimes", "of_the_type"]);
    assert_eq!(
        descriptor.type_name,
        concat!(module_path!(), "::Receivers<2>")
    );
}

#[test]
fn report_d1_a_doc_comment_that_a_macro_makes_is_read() {
    use plugin_core::event::Event;

    assert_eq!(
        Receivers::DESCRIPTOR.description,
        "Takes itself in every way."
    );
    assert_eq!(Happened::DESCRIPTOR.description, "An event that happens.");
    assert_eq!(
        <dyn Talk as ServiceTrait>::DESCRIPTOR.description,
        "Talks about it."
    );
}
