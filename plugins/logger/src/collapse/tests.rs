//! Lines of one cause, with the clock in the test's hand.

use plugin_core::config::Period;

use super::*;

const WINDOW: Duration = Duration::from_secs(10);

fn collapse() -> Collapse {
    Collapse::new(CollapseConfig {
        after: 2,
        window: Period::new(WINDOW),
    })
}

fn sample() -> Sample {
    Sample {
        level: Level::ERROR,
        plugin: None,
        target: "test",
        message: "it failed".to_owned(),
        error: None,
    }
}

const CAUSE: Cause = Cause { site: 1, text: 1 };

fn admit(collapse: &Collapse, now: Instant, cause: Cause) -> (bool, Option<u64>) {
    let (written, more) = collapse.admit(now, cause, sample);
    (written, more.map(|more| more.count))
}

fn counts(more: &[More]) -> Vec<u64> {
    more.iter().map(|more| more.count).collect()
}

#[test]
fn report_b17_the_first_lines_are_written_and_the_others_are_a_count() {
    let (collapse, now) = (collapse(), Instant::now());
    let written = (0..20_000).filter(|_| admit(&collapse, now, CAUSE).0);
    assert_eq!(written.count(), 2);
    assert!(collapse.due(now).is_empty(), "the window is not over");
    assert_eq!(counts(&collapse.due(now + WINDOW)), [19_998]);
    let later = now + WINDOW;
    assert_eq!(admit(&collapse, later, CAUSE), (false, None), "it goes on");
    assert_eq!(counts(&collapse.due(later + WINDOW)), [1]);
    assert!(collapse.due(later + 2 * WINDOW).is_empty());
    let calm = later + 2 * WINDOW;
    assert_eq!(
        admit(&collapse, calm, CAUSE),
        (true, None),
        "it begins anew"
    );
}

#[test]
fn a_line_after_the_window_brings_the_count_itself() {
    let (collapse, now) = (collapse(), Instant::now());
    for _ in 0..5 {
        admit(&collapse, now, CAUSE);
    }
    assert_eq!(admit(&collapse, now + WINDOW, CAUSE), (false, Some(3)));
}

#[test]
fn report_b17_an_end_loses_no_count_and_later_lines_are_counted_too() {
    let (collapse, now) = (collapse(), Instant::now());
    for _ in 0..5 {
        admit(&collapse, now, CAUSE);
    }
    assert_eq!(counts(&collapse.take()), [3]);
    let written = (0..5).filter(|_| admit(&collapse, now, CAUSE).0);
    assert_eq!(written.count(), 2, "it begins anew");
    assert_eq!(counts(&collapse.take()), [3]);
    assert!(collapse.is_empty());
}

#[test]
fn causes_are_told_apart_as_long_as_there_are_few() {
    let (collapse, now) = (collapse(), Instant::now());
    for text in 1..=1_000 {
        for _ in 0..3 {
            admit(&collapse, now, Cause { site: 1, text });
        }
    }
    let state = collapse.lock();
    assert_eq!(state[&1].len(), CAUSES + 1);
    drop(state);
    let counts = counts(&collapse.take());
    // Each of the known ones hides one of three; those that share a place show two in all.
    assert_eq!(counts.iter().sum::<u64>(), 32 + 968 * 3 - 2);
}

#[test]
fn what_somebody_asked_to_see_is_not_counted() {
    let collapse = collapse();
    let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG];
    let concerned = levels.map(|level| collapse.concerns(level));
    assert_eq!(concerned, [true, true, false, false]);
    let off = Collapse::new(CollapseConfig {
        after: 0,
        ..CollapseConfig::default()
    });
    assert!(!off.concerns(Level::ERROR));
}
