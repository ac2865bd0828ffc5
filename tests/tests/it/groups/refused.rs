//! What can't be a group, or can't be replicated, is refused before anything starts.

use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin};

use super::plugins::{North, Order};
use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

/// Declares a plugin with one handler.
macro_rules! member {
    ($type:ident, $name:literal, #[subscribe($($option:tt)*)] $event:ty) => {
        struct $type;

        #[plugin(name = $name)]
        impl $type {
            #[init]
            fn init() -> Self {
                Self
            }

            #[subscribe($($option)*)]
            async fn hear(&self, _event: &$event) {}
        }
    };
}

member!(
    Loaded,
    "loaded",
    #[subscribe(group = "billing", balance = least_loaded)]
    Order
);
member!(
    Keyed,
    "keyed",
    #[subscribe(group = "billing", key = |order| order.number)]
    Order
);
member!(Wide, "wide", #[subscribe("groups.*", group = "billing")] AnyEvent<'_>);

/// Everything that keeps a plugin from having replicas.
struct Whole;

#[plugin(name = "whole", provides(Journal))]
impl Whole {
    #[init]
    fn init(_subscriber: Subscriber) -> Self {
        Self
    }

    #[subscribe]
    fn hear(&self, _order: &Order) {}
}

#[service]
impl Journal for Whole {
    fn write(&self, _line: String) {}

    fn lines(&self) -> Vec<String> {
        Vec::new()
    }

    fn clear(&self) {}
}

fn refusal(rig: &Rig) -> String {
    rig.configure().unwrap_err().to_string()
}

fn of(other: &'static Descriptor) -> String {
    refusal(&Rig::new(&[North::DESCRIPTOR, other, Notebook::DESCRIPTOR]))
}

#[test]
fn members_agree_on_the_balance() {
    assert_eq!(
        of(Loaded::DESCRIPTOR),
        "group `billing`: `hear` of `loaded` says `balance = least_loaded` and `take` of `north` \
         `balance = round_robin`: give both the same"
    );
}

#[test]
fn members_agree_on_having_a_key() {
    assert_eq!(
        of(Keyed::DESCRIPTOR),
        "group `billing`: `hear` of `keyed` has a `key` and `take` of `north` has none: give \
         both the same"
    );
}

#[test]
fn no_event_reaches_a_group_twice() {
    assert_eq!(
        of(Wide::DESCRIPTOR),
        "group `billing`: `take` of `north` listens to `groups.order` and `hear` of `wide` to \
         `groups.*`, so `groups.order` would reach the group twice: name the same event or \
         pattern in both, or another group in one"
    );
}

#[test]
fn a_plugin_that_is_off_is_in_no_group() {
    let rig = Rig::new(&[North::DESCRIPTOR, Loaded::DESCRIPTOR, Notebook::DESCRIPTOR]);
    assert!(rig.set("loaded", "enabled", false).configure().is_ok());
}

#[test]
fn replicas_share_nothing_but_queued_events() {
    let rig = Rig::new(&[Whole::DESCRIPTOR]).set("whole", "replicas", 2);
    let refusal = refusal(&rig);
    for why in [
        "`whole` runs as one instance: the calls of its service `Journal` go to one instance",
        "its handler `hear` is a `fn`, which every instance would run for every event: make it \
         an `async fn`",
        "it subscribes at run time, so every instance would get every event",
    ] {
        assert!(refusal.contains(why), "{refusal}");
    }
    assert_eq!(refusal.lines().count(), 3, "{refusal}");
}

#[test]
fn replicas_are_one_or_more() {
    let rig = Rig::new(&[North::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let refusal = refusal(&rig.set("north", "replicas", 0));
    assert!(refusal.contains("from 1 to 1024"), "{refusal}");
}
