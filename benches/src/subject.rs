//! Events to N synchronous subscribers, in the kernel and by hand.

use std::any::Any;
use std::hint::black_box;

use plugin_core::Plugin;
use plugin_core::prelude::*;
use serde_json::Value;

use crate::home_made::Erased;

/// A closure that handles an event of a known type.
pub type Typed<E> = Box<dyn Fn(&E) + Send + Sync>;

/// An event, its subscribers in the kernel, and the same subscribers by hand.
pub trait Subject: Event {
    /// How many there are.
    const SUBSCRIBERS: usize;
    /// The plugin that subscribes so many times.
    type Listener: Plugin;

    /// An event.
    fn of(number: u64) -> Self;
    /// The limit: calls that may not be inlined.
    fn direct(&self);
    /// Subscribers as closures.
    fn typed() -> Vec<Typed<Self>>;
    /// Subscribers that downcast.
    fn erased() -> Vec<Erased>;
    /// Subscribers of JSON.
    fn on_json() -> Vec<Box<dyn Fn(&Value) + Send + Sync>>;
}

/// The salts make each handler a function of its own, which the compiler can't merge.
macro_rules! subject {
    ($event:ident $topic:tt, $listener:ident $name:tt, [$($handler:ident $salt:literal)*]) => {
        /// An event to so many subscribers.
        #[event($topic)]
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        pub struct $event {
            number: u64,
        }

        /// Subscribes.
        #[derive(Debug)]
        pub struct $listener;

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

            fn on_json() -> Vec<Box<dyn Fn(&Value) + Send + Sync>> {
                vec![$(Box::new(|event: &Value| {
                    if let Some(number) = event["number"].as_u64() {
                        black_box(number ^ $salt);
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
subject!(ToSixtyFour "bench.to_sixty_four", SixtyFour "listener-of-sixty-four", [
    on_1 1 on_2 2 on_3 3 on_4 4 on_5 5 on_6 6 on_7 7 on_8 8
    on_9 9 on_10 10 on_11 11 on_12 12 on_13 13 on_14 14 on_15 15 on_16 16
    on_17 17 on_18 18 on_19 19 on_20 20 on_21 21 on_22 22 on_23 23 on_24 24
    on_25 25 on_26 26 on_27 27 on_28 28 on_29 29 on_30 30 on_31 31 on_32 32
    on_33 33 on_34 34 on_35 35 on_36 36 on_37 37 on_38 38 on_39 39 on_40 40
    on_41 41 on_42 42 on_43 43 on_44 44 on_45 45 on_46 46 on_47 47 on_48 48
    on_49 49 on_50 50 on_51 51 on_52 52 on_53 53 on_54 54 on_55 55 on_56 56
    on_57 57 on_58 58 on_59 59 on_60 60 on_61 61 on_62 62 on_63 63 on_64 64
]);
