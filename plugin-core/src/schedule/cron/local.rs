//! From times of day to moments, through the changes of a zone's clocks.
//!
//! The pattern is looked up on a calendar without a zone, which has every time of day once; what
//! a change of the clocks makes of a time is decided here.

use croner::Cron as Pattern;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// A longer gap is no summer time: a zone that moves over the date line leaves out a day, and the
/// times of that day do not come.
const LONGEST_GAP: i32 = 3 * 3600;

/// Changes of the clocks that are looked through for one time.
const MOST_CHANGES: usize = 1000;

/// The next moment of times that are given by their hour. Those that a change skips are due right
/// after it; those that come twice are due the first time.
pub(super) fn next_fixed(
    pattern: &Pattern,
    zone: &TimeZone,
    after: Timestamp,
) -> Option<Timestamp> {
    let mut time = zone.to_datetime(after);
    loop {
        time = pattern.find_next_occurrence(&time, false).ok()?;
        let moment = moment(zone, time);
        if moment.is_some_and(|moment| moment > after) {
            return moment;
        }
    }
}

/// When a time of day is due that is due once.
fn moment(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(time).ok(),
        AmbiguousOffset::Gap { before, after } => {
            if after.seconds() - before.seconds() > LONGEST_GAP {
                return None;
            }
            // By the new offset, it is before the change.
            let early = after.to_timestamp(time).ok()?;
            Some(zone.following(early).next()?.timestamp())
        }
    }
}

/// The next moment at which the clock shows one of the times, each time that it does.
pub(super) fn next_paced(
    pattern: &Pattern,
    zone: &TimeZone,
    after: Timestamp,
) -> Option<Timestamp> {
    let (mut from, mut is_inclusive) = (after, false);
    for _ in 0..MOST_CHANGES {
        let offset = zone.to_offset(from);
        let shown = offset.to_datetime(from);
        let time = pattern.find_next_occurrence(&shown, is_inclusive).ok()?;
        let moment = offset.to_timestamp(time).ok()?;
        match zone.following(from).next() {
            Some(change) if change.timestamp() <= moment => {
                (from, is_inclusive) = (change.timestamp(), true);
            }
            _ => return Some(moment),
        }
    }
    None
}
