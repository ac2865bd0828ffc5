//! Converts times of day to moments, across the changes of a time zone's clocks.
//!
//! The pattern is matched on a calendar without a time zone, in which every time of day occurs
//! once. This module decides what a change of the clocks does to a time.

use croner::Cron as Pattern;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// The longest gap of a change to or from summer time. A longer gap occurs when a time zone moves
/// across the date line and leaves out a day; the times of that day are never due.
const LONGEST_GAP: i32 = 3 * 3600;

/// Most changes of the clocks that are considered for one time.
const MOST_CHANGES: usize = 1000;

/// The next moment of times with fixed hours. Times that a change skips are due right after it;
/// times that occur twice are due the first time.
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

/// The moment of a time of day that is due once.
fn moment(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(time).ok(),
        AmbiguousOffset::Gap { before, after } => {
            if after.seconds() - before.seconds() > LONGEST_GAP {
                return None;
            }
            // With the new offset, it would be before the change.
            let early = after.to_timestamp(time).ok()?;
            Some(zone.following(early).next()?.timestamp())
        }
    }
}

/// The next moment at which the clock shows one of the times. If a time occurs twice, both count.
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
