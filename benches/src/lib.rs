//! What benches, counts and the comparison with other crates share: a running system, events with
//! their subscribers, and a fair way to compare.

#![expect(
    missing_debug_implementations,
    reason = "closures and running systems: nobody prints them"
)]

mod channel;
mod home_made;
mod json;
mod paired;
mod subject;
mod system;

pub use channel::{Channels, Progress, ROOM};
pub use home_made::{Erased, Lookup, OnJson, by_topic, by_type};
pub use json::{JSON_BURST, JsonProcess, json_bursts};
pub use paired::{Contest, Goal, Lap, Outcome, Reached, Row, Variant, load, save, table, timed};
pub use subject::{Subject, ToFour, ToNone, ToOne, ToSixteen, ToSixtyFour, Typed};
pub use system::{Set, System, one_thread, two_workers};
