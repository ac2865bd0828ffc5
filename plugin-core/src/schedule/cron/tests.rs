//! When expressions are due, around changes of the clocks above all.

use proptest::prelude::*;

use jiff::Zoned;

use super::*;

/// The next times after one, in the timezone's own words.
fn next(expression: &str, after: &str, count: usize) -> Vec<String> {
    let cron = Cron::new(expression, "Europe/Berlin").unwrap();
    let mut at: SystemTime = after.parse::<Zoned>().unwrap().timestamp().into();
    let mut times = Vec::new();
    for _ in 0..count {
        at = cron.next(at).unwrap();
        let zoned = Zoned::new(Timestamp::try_from(at).unwrap(), cron.0.zone.clone());
        times.push(zoned.strftime("%d %H:%M:%S %:z").to_string());
    }
    times
}

#[test]
fn a_fixed_time_that_the_clocks_skip_is_due_after_the_gap_and_once() {
    // On 2026-03-29 the clocks of Berlin go from 02:00 to 03:00.
    assert_eq!(
        next("30 2 * * *", "2026-03-28T00:00[Europe/Berlin]", 3),
        [
            "28 02:30:00 +01:00",
            "29 03:00:00 +02:00",
            "30 02:30:00 +02:00"
        ]
    );
}

#[test]
fn a_fixed_time_that_comes_twice_is_due_the_first_time() {
    // On 2026-10-25 the clocks of Berlin go from 03:00 to 02:00.
    assert_eq!(
        next("30 2 * * *", "2026-10-24T12:00[Europe/Berlin]", 2),
        ["25 02:30:00 +02:00", "26 02:30:00 +01:00"]
    );
}

#[test]
fn a_pace_goes_on_through_a_gap_and_a_fold() {
    assert_eq!(
        next("*/30 * * * *", "2026-03-29T01:15[Europe/Berlin]", 3),
        [
            "29 01:30:00 +01:00",
            "29 03:00:00 +02:00",
            "29 03:30:00 +02:00"
        ]
    );
    assert_eq!(
        next("*/30 * * * *", "2026-10-25T02:15+02:00[Europe/Berlin]", 4),
        [
            "25 02:30:00 +02:00",
            "25 02:00:00 +01:00",
            "25 02:30:00 +01:00",
            "25 03:00:00 +01:00"
        ]
    );
}

#[test]
fn six_fields_have_seconds() {
    assert_eq!(
        next("*/20 59 23 * * *", "2026-06-01T00:00[Europe/Berlin]", 4),
        [
            "01 23:59:00 +02:00",
            "01 23:59:20 +02:00",
            "01 23:59:40 +02:00",
            "02 23:59:00 +02:00"
        ]
    );
}

#[test]
fn what_is_no_schedule_says_why() {
    let why = |expression, timezone| Cron::new(expression, timezone).unwrap_err().to_string();
    assert_eq!(
        why("0 0 30 2 *", "UTC"),
        "`0 0 30 2 *` can't be used: no day of any year is one of its days"
    );
    assert_eq!(
        why("0 0 * * *", "Europe/Berln"),
        "no timezone is named `Europe/Berln`: did you mean `Europe/Berlin`?"
    );
    assert!(why("0 0 * *", "UTC").contains("five or six fields"));
}

/// What the machine's clock shows in a zone, minute by minute, and which of that is a run: no code
/// is shared with what it checks.
struct Oracle<'a> {
    zone: &'a TimeZone,
    minutes: &'a [i8],
    hours: &'a [i8],
    is_fixed: bool,
}

impl Oracle<'_> {
    fn runs(&self, begin: Timestamp, minutes: i64) -> Vec<Timestamp> {
        let mut runs = Vec::new();
        let mut shown = std::collections::BTreeSet::new();
        let mut last = None;
        for minute in 0..minutes {
            let at = begin + jiff::SignedDuration::from_mins(minute);
            let now = self.zone.to_datetime(at);
            let is_first = shown.insert(now);
            let is_run = self.is_time(now) && (is_first || !self.is_fixed);
            if is_run || last.is_some_and(|last| self.skips(last, now)) {
                runs.push(at);
            }
            last = Some(now);
        }
        runs
    }

    fn is_time(&self, time: jiff::civil::DateTime) -> bool {
        self.minutes.contains(&time.minute()) && self.hours.contains(&time.hour())
    }

    /// Whether the clock went over a time that has to be made up for.
    fn skips(&self, last: jiff::civil::DateTime, now: jiff::civil::DateTime) -> bool {
        let jump = now.duration_since(last).as_mins();
        let mut skipped = (1..jump).map(|minute| last + jiff::SignedDuration::from_mins(minute));
        self.is_fixed && jump <= 181 && skipped.any(|time| self.is_time(time))
    }
}

/// Minutes or hours below a limit, as a field of an expression and as numbers.
fn field(limit: i8) -> impl Strategy<Value = (String, Vec<i8>)> {
    let pair = (0..limit, 0..limit).prop_map(|(a, b)| (a.min(b), a.max(b)));
    (pair, 1..limit, 0..5_u8).prop_map(move |((low, high), step, shape)| {
        let stepped = |from: i8, to: i8| -> Vec<i8> {
            (from..=to)
                .step_by(usize::try_from(step).unwrap())
                .collect()
        };
        match shape {
            0 => (low.to_string(), vec![low]),
            1 => (format!("{low},{high}"), vec![low, high]),
            2 => (format!("{low}-{high}"), (low..=high).collect()),
            3 => (format!("{low}-{high}/{step}"), stepped(low, high)),
            _ => (format!("*/{step}"), stepped(0, limit - 1)),
        }
    })
}

const ZONES: [&str; 9] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Beirut",
    "Pacific/Apia",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "America/Scoresbysund",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn report_b3_each_time_is_due_as_often_as_the_rule_says(
        (minute, minutes) in field(60),
        (hour, hours) in field(24),
        zone in prop::sample::select(&ZONES[..]),
        some_time in 1_100_000_000_i64..1_900_000_000,
    ) {
        let cron = Cron::new(&format!("{minute} {hour} * * *"), zone).unwrap();
        let zone = TimeZone::get(zone).unwrap();
        let some_time = Timestamp::from_second(some_time / 60 * 60).unwrap();
        let change = zone.following(some_time).next().map_or(some_time, |change| change.timestamp());
        let change = Timestamp::from_second(change.as_second() / 60 * 60).unwrap();
        let begin = change - jiff::SignedDuration::from_hours(36);
        let oracle = Oracle { zone: &zone, minutes: &minutes, hours: &hours, is_fixed: !hour.contains('*') };
        let (length, mut runs) = (4 * 24 * 60, Vec::new());
        let end = begin + jiff::SignedDuration::from_mins(length);
        let mut at: SystemTime = (begin - jiff::SignedDuration::from_secs(1)).into();
        while let Some(next) = cron.next(at).filter(|next| *next < end.into()) {
            prop_assert!(next > at);
            runs.push(Timestamp::try_from(next).unwrap());
            at = next;
        }
        prop_assert_eq!(runs, oracle.runs(begin, length));
    }
}

#[test]
fn report_b3_lists_ranges_and_steps_are_due_once_through_a_gap_and_a_fold() {
    let (spring, autumn) = (
        "2026-03-29T00:00[Europe/Berlin]",
        "2026-10-25T00:00[Europe/Berlin]",
    );
    for (expression, in_spring, in_autumn) in [
        (
            "0 2,14 * * *",
            vec!["29 03:00", "29 14:00"],
            vec!["25 02:00", "25 14:00"],
        ),
        (
            "0,30 2 * * *",
            vec!["29 03:00", "30 02:00"],
            vec!["25 02:00", "25 02:30", "26 02:00"],
        ),
        (
            "*/30 2 * * *",
            vec!["29 03:00", "30 02:00"],
            vec!["25 02:00", "25 02:30", "26 02:00"],
        ),
        (
            "15 1-3 * * *",
            vec!["29 01:15", "29 03:00", "29 03:15"],
            vec!["25 01:15", "25 02:15", "25 03:15"],
        ),
        (
            "0 0 2 * * *",
            vec!["29 03:00", "30 02:00"],
            vec!["25 02:00", "26 02:00"],
        ),
    ] {
        for (begin, right) in [(spring, in_spring), (autumn, in_autumn)] {
            let times = next(expression, begin, right.len());
            let told: Vec<&str> = times.iter().map(|time| &time[..8]).collect();
            assert_eq!(told, right, "{expression} after {begin}: {times:?}");
        }
    }
}

#[test]
fn report_b3_a_day_that_a_zone_leaves_out_ends_no_schedule() {
    // Samoa had no 30th of December 2011.
    for (expression, right) in [
        ("0 2 * * *", "2011-12-31T02:00:00+14:00[Pacific/Apia]"),
        ("0 0 30 * *", "2012-01-30T00:00:00+14:00[Pacific/Apia]"),
        ("*/20 * * * *", "2011-12-29T12:20:00-10:00[Pacific/Apia]"),
    ] {
        let cron = Cron::new(expression, "Pacific/Apia").unwrap();
        let after: Zoned = "2011-12-29T12:00[Pacific/Apia]".parse().unwrap();
        let next = cron.next(after.timestamp().into()).unwrap();
        let next = Timestamp::try_from(next)
            .unwrap()
            .to_zoned(cron.0.zone.clone());
        assert_eq!(next.to_string(), right, "{expression}");
    }
}
