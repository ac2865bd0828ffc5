//! What a plugin's file says of the schedules that the plugin declares.

use plugin_core::Plugin;
use plugin_core::config::Sources;
use plugin_core::prelude::*;
use plugin_core::schedule::ScheduleState;

use super::{Diary, lines, pass, schedule, state};
use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

struct Tunable(Diary);

#[plugin(name = "tunable")]
impl Tunable {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(Diary::new(journal))
    }

    #[schedule(every = "10s")]
    fn tick(&self) {
        self.0.write("tick");
    }

    #[schedule(cron = "0 3 * * *")]
    fn nightly(&self) {
        self.0.write("nightly");
    }

    #[schedule(every = "10s")]
    fn off(&self) {
        self.0.write("off");
    }
}

fn rig(yaml: &str) -> Rig {
    let sources = Sources::new().embedded("tunable.yaml", yaml);
    Rig::from_sources(&[Tunable::DESCRIPTOR, Notebook::DESCRIPTOR], sources)
}

#[tokio::test(start_paused = true)]
async fn a_file_changes_when_a_schedule_is_due_or_turns_it_off() {
    let running = rig("
tunable:
  schedules:
    tick: { every: 25s, timeout: 3s }
    nightly: { timezone: Europe/Berlin, jitter: 5s }
    off: { enabled: false }
")
    .start()
    .await;
    let timing = |name| schedule(&running, name).timing;
    assert_eq!(timing("tick"), "every 25s, timeout 3s");
    assert_eq!(
        timing("nightly"),
        "cron `0 3 * * *` in Europe/Berlin, jitter 5s"
    );
    assert_eq!(state(&running, "off"), ScheduleState::Disabled);
    pass(51).await;
    assert_eq!(lines(&running), ["tick 25", "tick 50"]);
    running
        .handle()
        .run_schedule("tunable", "off")
        .await
        .unwrap();
    pass(1).await;
    assert_eq!(
        lines(&running).last().unwrap(),
        "off 51",
        "by hand it runs all the same"
    );
    running.stop().await;
}

#[test]
fn mistakes_are_reported_at_their_place_before_anything_starts() {
    let refused = rig("
tunable:
  schedules:
    tick: { every: 1m, cron: '* * * * *' }
    nightly: { cron: '0 25 * * *', timezone: Europe/Berln }
    off: { timezone: UTC, every: 0s }
    tock: { enabled: false }
")
    .configure()
    .unwrap_err()
    .to_string();
    for expected in [
        "tunable.yaml:7:5: tunable.schedules.tock: unknown key (expected one of `nightly`, `off`, `tick`; did you mean `tick`?)",
        "tunable.yaml:6:34: tunable.schedules.off.every: ",
    ] {
        assert!(refused.contains(expected), "{refused}");
    }
    let refused = rig("
tunable:
  schedules:
    tick: { every: 1m, cron: '* * * * *' }
    nightly: { cron: '0 25 * * *' }
    off: { timezone: UTC }
")
    .configure()
    .unwrap_err()
    .to_string();
    for expected in [
        "tunable.yaml:4:11: tunable.schedules.tick: `every` and `cron` exclude each other: keep one of them",
        "tunable.yaml:5:22: tunable.schedules.nightly.cron: `0 25 * * *` can't be used: a cron expression's hours are `*`, 0 to 23",
        "tunable.yaml:6:22: tunable.schedules.off.timezone: a timezone is of a `cron` expression",
    ] {
        assert!(refused.contains(expected), "{refused}");
    }
    let refused = rig("tunable: { schedules: { nightly: { timezone: Europe/Berln } } }");
    let refused = refused.configure().unwrap_err().to_string();
    assert!(
        refused.contains("no timezone is named `Europe/Berln`: did you mean `Europe/Berlin`?"),
        "{refused}"
    );
}

struct Nowhere;

#[plugin(name = "nowhere")]
impl Nowhere {
    #[init]
    fn init() -> Self {
        Self
    }

    #[schedule(cron = "0 0 30 2 *", timezone = "Mars/Olympus")]
    fn never(&self) {}
}

#[test]
fn what_only_the_machine_knows_is_checked_before_anything_starts() {
    let refused = Rig::new(&[Nowhere::DESCRIPTOR]).configure().unwrap_err();
    let expected = "nowhere.schedules.never.timezone: no timezone is named `Mars/Olympus`: write one of the IANA database, such as `Europe/Berlin`";
    assert!(refused.to_string().contains(expected), "{refused}");
}
