//! What `#[schedule]` declares is due when it says, and runs like any other call.

use std::collections::BTreeSet;
use std::sync::Mutex;

use plugin_core::lifecycle::{ScheduleCompleted, ScheduleFailed};
use plugin_core::prelude::*;
use plugin_core::schedule::{RunOutcome, ScheduleState};
use plugin_core::{Plugin, current};
use tokio::time::Instant;

use super::{Diary, lines, pass, schedule, start, state};
use crate::heard::Heard;
use crate::journal::Journal;
use crate::rig::status;

struct Clockwork(Diary);

#[plugin(name = "clockwork")]
impl Clockwork {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(Diary::new(journal))
    }

    #[schedule(every = "10s")]
    async fn tick(&self) -> Result<()> {
        // A run that takes its time does not move the next one.
        tokio::time::sleep(super::SECOND * 3).await;
        self.0.write("tick");
        Ok(())
    }

    #[schedule(after = "5s")]
    fn once(&self) {
        self.0.write("once");
    }

    #[schedule(every = "4s", max_runs = 3)]
    fn thrice(&self, run: &ScheduledRun) {
        let who = current().unwrap().plugin;
        let what = format!("{} {} of {who}", run.schedule(), run.number());
        self.0.write(&what);
    }
}

#[tokio::test(start_paused = true)]
async fn b30_runs_begin_in_the_order_of_their_times_and_do_not_drift() {
    let running = start(Clockwork::DESCRIPTOR).await;
    assert_eq!(state(&running, "once"), ScheduleState::Active);
    pass(34).await;
    let expected = [
        "thrice 1 of clockwork 4",
        "once 5",
        "thrice 2 of clockwork 8",
        "thrice 3 of clockwork 12",
        "tick 13",
        "tick 23",
        "tick 33",
    ];
    assert_eq!(lines(&running), expected);
    for over in ["once", "thrice"] {
        assert_eq!(state(&running, over), ScheduleState::Finished);
        assert_eq!(schedule(&running, over).next, None);
    }
    assert_eq!(schedule(&running, "tick").counts.completed, 3);
    let last = schedule(&running, "tick").last.unwrap();
    assert_eq!((last.number, last.took), (3, super::SECOND * 3));
    assert!(running.stop().await.is_clean());
}

struct Faulty;

#[plugin(name = "faulty-schedules")]
impl Faulty {
    #[init]
    fn init() -> Self {
        Self
    }

    #[schedule(every = "2s")]
    async fn panics(&self) {
        panic!("boom");
    }

    #[schedule(every = "3s")]
    fn fails(&self) -> Result<()> {
        Err(Error::external("no connection"))
    }

    #[schedule(every = "10s", timeout = "1s")]
    async fn hangs(&self) {
        std::future::pending::<()>().await;
    }
}

#[tokio::test(start_paused = true)]
async fn b34_a_run_that_fails_is_counted_and_fails_nothing_else() {
    let running = start(Faulty::DESCRIPTOR).await;
    let failed = Heard::<ScheduleFailed>::on(&running);
    pass(12).await;
    let of = |name| {
        let status = schedule(&running, name);
        let last = status.last.unwrap();
        (status.counts.failed, last.outcome, last.error.unwrap())
    };
    let text = |text: &str| text.to_owned();
    assert_eq!(
        of("panics"),
        (6, RunOutcome::Failed, text("panicked: boom"))
    );
    assert_eq!(of("fails"), (4, RunOutcome::Failed, text("no connection")));
    let late = text("no answer within 1s");
    assert_eq!(of("hangs"), (1, RunOutcome::TimedOut, late));
    let status = status(&running, "faulty-schedules");
    assert!(status.ready && status.restarts == 0 && status.last_error.is_none());

    running.idle().await;
    let failed = failed.take();
    let kinds: BTreeSet<_> = failed.iter().map(|it| (&*it.schedule, &*it.kind)).collect();
    let expected = [
        ("fails", "external"),
        ("hangs", "timeout"),
        ("panics", "bug"),
    ];
    assert_eq!(kinds, BTreeSet::from(expected));
    assert_eq!(failed.len(), 11);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn b36_every_run_is_an_event_of_the_kernel() {
    let running = start(Clockwork::DESCRIPTOR).await;
    let completed = Heard::<ScheduleCompleted>::on(&running);
    pass(13).await;
    running.idle().await;
    let heard: Vec<_> = (completed.take().into_iter())
        .map(|it| (it.plugin, it.schedule, it.run))
        .collect();
    let of = |name: &str, run| ("clockwork".to_owned(), name.to_owned(), run);
    let expected = [
        of("thrice", 1),
        of("once", 1),
        of("thrice", 2),
        of("thrice", 3),
        of("tick", 1),
    ];
    assert_eq!(heard, expected);
    running.stop().await;
}

struct Jittery {
    began: Instant,
    at: Mutex<Vec<std::time::Duration>>,
}

#[service]
trait Delays {
    fn all(&self) -> Vec<std::time::Duration>;
}

#[plugin(name = "jittery", provides(Delays))]
impl Jittery {
    #[init]
    fn init() -> Self {
        Self {
            began: Instant::now(),
            at: Mutex::default(),
        }
    }

    #[schedule(every = "10s", jitter = "4s")]
    fn tick(&self) {
        self.at.lock().unwrap().push(self.began.elapsed());
    }
}

#[service]
impl Delays for Jittery {
    fn all(&self) -> Vec<std::time::Duration> {
        self.at.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn jitter_delays_within_its_bounds_and_adds_up_to_no_drift() {
    let running = start(Jittery::DESCRIPTOR).await;
    pass(1005).await;
    let at = running.service::<dyn Delays>().unwrap().all();
    assert_eq!(at.len(), 100);
    let delays: Vec<_> = (1..)
        .zip(&at)
        .map(|(run, at)| *at - super::SECOND * 10 * run)
        .collect();
    // A timer is as fine as a millisecond.
    let most = super::SECOND * 4 + std::time::Duration::from_millis(2);
    assert!(delays.iter().all(|delay| *delay <= most), "{delays:?}");
    assert!(delays.iter().any(|delay| *delay > super::SECOND));
    running.stop().await;
}
