//! What happens to times that were missed: here the clock jumps, as when a machine was suspended.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::prelude::*;

use super::{Diary, lines, pass, schedule, start};
use crate::journal::Journal;

struct Sleeper(Diary);

#[plugin(name = "sleeper")]
impl Sleeper {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(Diary::new(journal))
    }

    #[schedule(every = "10s", misfire = skip)]
    fn skips(&self) {
        self.0.write("skips");
    }

    #[schedule(every = "10s")]
    fn once(&self) {
        self.0.write("once");
    }

    #[schedule(every = "10s", misfire = catch_up)]
    async fn catches_up(&self, run: &ScheduledRun) {
        self.0.write(&format!("catches up {}", run.number()));
    }

    #[schedule(after = "12s", misfire = skip)]
    fn too_late(&self) {
        self.0.write("too late");
    }

    #[schedule(after = "12s")]
    fn late(&self) {
        self.0.write("late");
    }
}

#[tokio::test(start_paused = true)]
async fn each_policy_does_as_it_says() {
    let running = start(Sleeper::DESCRIPTOR).await;
    pass(1).await;
    // Nobody looks at 10, 20 and 30.
    tokio::time::advance(Duration::from_secs(34)).await;
    pass(6).await;
    let mut lines = lines(&running);
    lines.sort();
    let expected = [
        "catches up 1 35",
        "catches up 2 35",
        "catches up 3 35",
        "catches up 4 40",
        "late 35",
        "once 35",
        "once 40",
        "skips 40",
    ];
    assert_eq!(lines, expected);
    let missed = |name| schedule(&running, name).counts.missed;
    assert_eq!(missed("skips"), 3);
    assert_eq!(missed("once"), 2);
    assert_eq!(missed("catches_up"), 0);
    assert_eq!((missed("too_late"), missed("late")), (1, 0));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_time_that_is_seen_a_little_late_is_not_missed() {
    let running = start(Sleeper::DESCRIPTOR).await;
    pass(1).await;
    tokio::time::advance(Duration::from_millis(9_900)).await;
    pass(0).await;
    assert!(lines(&running).contains(&"skips 10".to_owned()));
    assert_eq!(schedule(&running, "skips").counts.missed, 0);
    running.stop().await;
}

struct Often(Diary);

#[plugin(name = "often")]
impl Often {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(Diary::new(journal))
    }

    #[schedule(every = "1s", misfire = catch_up)]
    fn tick(&self) {
        self.0.write("tick");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_absence_is_made_up_for_within_bounds() {
    let running = start(Often::DESCRIPTOR).await;
    tokio::time::advance(Duration::from_secs(86_400)).await;
    for _ in 0..3000 {
        tokio::task::yield_now().await;
    }
    let counts = schedule(&running, "tick").counts;
    assert_eq!(counts.completed, 1000);
    assert_eq!(counts.missed, 86_400 - 1000);
    running.stop().await;
}
