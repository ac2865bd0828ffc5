//! Cron expressions in a timezone, on a clock that a test sets.

use std::time::{Duration, SystemTime};

use plugin_core::Plugin;
use plugin_core::config::Sources;
use plugin_core::lifecycle::Manager;
use plugin_core::prelude::*;

use super::{lines, pass};
use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

struct Nightly {
    clock: Clock,
    journal: Service<dyn Journal>,
}

#[plugin(name = "nightly")]
impl Nightly {
    #[init]
    fn init(clock: Clock, journal: Service<dyn Journal>) -> Self {
        Self { clock, journal }
    }

    fn write(&self, what: &str, run: &ScheduledRun) {
        let late = self.clock.now().duration_since(run.due()).unwrap();
        assert!(late < Duration::from_millis(10), "{late:?}");
        let hours = since_midnight(run.due()) as f64 / 3600.0;
        self.journal.write(format!("{what} {hours}"));
    }

    #[schedule(cron = "30 2 * * *", timezone = "Europe/Berlin")]
    fn berlin(&self, run: &ScheduledRun) {
        self.write("berlin", run);
    }

    #[schedule(cron = "0 30 2 * * *")]
    async fn utc(&self, run: &ScheduledRun) {
        self.write("utc", run);
    }
}

/// Midnight before the night in which the clocks of Berlin go from 02:00 to 03:00.
const MIDNIGHT: Duration = Duration::from_secs(1_774_656_000 + 86_400);

fn since_midnight(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH + MIDNIGHT)
        .unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn b35_a_time_of_day_is_that_of_its_timezone_and_goes_with_its_clocks() {
    let rig = Rig::new(&[Nightly::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let running = Manager::builder(rig.composition())
        .sources(Sources::new().data_dir(rig.path("data")))
        .clock(Clock::starting_at(SystemTime::UNIX_EPOCH + MIDNIGHT))
        .configure()
        .unwrap()
        .start()
        .await
        .unwrap();
    let next = running.schedules()[0].next.unwrap();
    assert_eq!(
        since_midnight(next),
        3600,
        "what the gap skips is due after it, at 01:00 UTC"
    );
    pass(30 * 3600).await;
    // On the next day half past two of Berlin is half past midnight of UTC.
    assert_eq!(
        lines(&running),
        ["berlin 1", "utc 2.5", "berlin 24.5", "utc 26.5"]
    );
    running.stop().await;
}

struct Corrected {
    journal: Service<dyn Journal>,
}

#[plugin(name = "corrected")]
impl Corrected {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self { journal }
    }

    #[schedule(cron = "* * * * *")]
    fn minutely(&self) {
        self.journal.write("minute".to_owned());
    }

    #[schedule(cron = "0,30 10 * * *")]
    fn at_ten(&self) {
        self.journal.write("ten".to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn report_b21_a_clock_that_is_set_back_moves_what_is_due() {
    let at = |minutes: u64| SystemTime::UNIX_EPOCH + MIDNIGHT + Duration::from_secs(60 * minutes);
    let clock = Clock::starting_at(at(10 * 60 - 1) + Duration::from_secs(30));
    let rig = Rig::new(&[Corrected::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let running = Manager::builder(rig.composition())
        .sources(Sources::new().data_dir(rig.path("data")))
        .clock(clock.clone())
        .configure()
        .unwrap()
        .start()
        .await
        .unwrap();
    let count = |what: &str| lines(&running).iter().filter(|line| *line == what).count();

    pass(5 * 60).await;
    assert_eq!((count("minute"), count("ten")), (5, 1), "until 10:04:30");

    // Back by an hour: minutes come again at once, and ten o'clock was already.
    clock.set(at(9 * 60 + 4) + Duration::from_secs(30));
    pass(12 * 60).await;
    let minutes = count("minute") - 5;
    assert!((11..=12).contains(&minutes), "{minutes} runs in 12 minutes");
    pass(48 * 60).await;
    assert_eq!(count("ten"), 1, "it is 10:04:30 again");
    pass(30 * 60).await;
    assert_eq!(count("ten"), 2, "half past ten was not before");

    // A clock that was wrong by five hours tells new times.
    clock.set(at(5 * 60 + 34));
    pass(5 * 3600).await;
    assert_eq!(count("ten"), 4);
    let missed: u64 = running.schedules().iter().map(|it| it.counts.missed).sum();
    assert_eq!(missed, 0);
    running.stop().await;
}
