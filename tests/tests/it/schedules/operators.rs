//! What an operator sees and does: pause, resume, run now, cancel.

use plugin_core::Plugin;
use plugin_core::lifecycle::{ManagerHandle, OperationError};
use plugin_core::prelude::*;
use plugin_core::schedule::ScheduleState;
use serde_json::json;

use super::{Diary, lines, pass, schedule, start, state};
use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

struct Pausable(Diary);

#[plugin(name = "pausable")]
impl Pausable {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(Diary::new(journal))
    }

    #[schedule(every = "10s")]
    async fn tick(&self, run: &ScheduledRun) {
        self.0
            .write(if run.is_by_hand() { "by hand" } else { "tick" });
        tokio::time::sleep(super::SECOND).await;
    }

    #[schedule(after = "15s")]
    fn once(&self) {
        self.0.write("once");
    }
}

const PLUGIN: &str = "pausable";

#[tokio::test(start_paused = true)]
async fn b31_a_paused_schedule_does_not_run_until_it_is_resumed() {
    let running = start(Pausable::DESCRIPTOR).await;
    let handle = running.handle();
    pass(11).await;
    handle.pause_schedule(PLUGIN, "tick").await.unwrap();
    handle.pause_schedule(PLUGIN, "once").await.unwrap();
    assert_eq!(state(&running, "tick"), ScheduleState::Paused);
    assert_eq!(schedule(&running, "tick").next, None);
    pass(62).await;
    assert_eq!(lines(&running), ["tick 10"]);

    handle.resume_schedule(PLUGIN, "tick").await.unwrap();
    handle.resume_schedule(PLUGIN, "once").await.unwrap();
    pass(20).await;
    // Nothing makes up for the times that have passed, and the pace is the old one.
    let expected = ["tick 10", "once 73", "tick 80", "tick 90"];
    assert_eq!(lines(&running), expected);
    assert_eq!(schedule(&running, "tick").counts.missed, 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_by_hand_begins_at_once_also_when_the_schedule_is_paused() {
    let running = start(Pausable::DESCRIPTOR).await;
    let handle = running.handle();
    handle.pause_schedule(PLUGIN, "tick").await.unwrap();
    handle.run_schedule(PLUGIN, "tick").await.unwrap();
    let again = handle.run_schedule(PLUGIN, "tick").await.unwrap_err();
    assert!(
        matches!(again, OperationError::ScheduleRuns { .. }),
        "{again}"
    );
    pass(14).await;
    assert_eq!(lines(&running), ["by hand 0"]);
    assert_eq!(state(&running, "tick"), ScheduleState::Paused);

    // What is due once is brought forward; it is over then, and may still be run by hand.
    handle.run_schedule(PLUGIN, "once").await.unwrap();
    pass(10).await;
    assert_eq!(state(&running, "once"), ScheduleState::Finished);
    handle.run_schedule(PLUGIN, "once").await.unwrap();
    pass(1).await;
    assert_eq!(lines(&running), ["by hand 0", "once 14", "once 24"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_and_an_end_hold_through_a_restart_of_the_plugin() {
    let running = start(Pausable::DESCRIPTOR).await;
    let handle = running.handle();
    pass(11).await;
    handle.pause_schedule(PLUGIN, "tick").await.unwrap();
    handle.cancel_schedule(PLUGIN, "once").await.unwrap();
    handle.restart(PLUGIN).await.unwrap();
    pass(60).await;
    assert_eq!(lines(&running), ["tick 10"]);
    assert_eq!(state(&running, "once"), ScheduleState::Cancelled);
    handle.resume_schedule(PLUGIN, "tick").await.unwrap();
    pass(12).await;
    assert_eq!(lines(&running), ["tick 10", "tick 70"]);
    let status = schedule(&running, "tick");
    assert_eq!(status.counts.completed, 2, "counted through both lives");
    assert_eq!(status.last.unwrap().number, 1, "and numbered in each");
    running.stop().await;
}

async fn refusals(handle: &ManagerHandle) -> Vec<String> {
    vec![
        handle
            .pause_schedule("nobody", "tick")
            .await
            .unwrap_err()
            .to_string(),
        handle
            .pause_schedule(PLUGIN, "tock")
            .await
            .unwrap_err()
            .to_string(),
        handle
            .pause_schedule("test-journal", "tick")
            .await
            .unwrap_err()
            .to_string(),
        handle
            .resume_schedule(PLUGIN, "tick")
            .await
            .unwrap_err()
            .to_string(),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_done_is_said_and_all_stands_in_the_audit_log() {
    let rig = Rig::new(&[Pausable::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let running = rig.start().await;
    let handle = running.handle();
    let expected = [
        "there is no plugin `nobody`",
        "`pausable` has no schedule `tock`: it has `tick`, `once`",
        "`test-journal` has no schedule `tick`, and no other",
        "schedule `tick` of `pausable` is active",
    ];
    assert_eq!(refusals(&handle).await, expected);
    handle.pause_schedule(PLUGIN, "tick").await.unwrap();
    handle.stop(PLUGIN).await.unwrap();
    let stopped = handle.run_schedule(PLUGIN, "once").await.unwrap_err();
    let text = "schedule `once` of `pausable` is stopped";
    assert_eq!(stopped.to_string(), text);
    running.stop().await;

    let audit = rig.audit();
    let of = |action: &str| -> Vec<_> {
        let lines = audit.iter().filter(|line| line["action"] == action);
        lines
            .map(|line| (line["outcome"].clone(), line["detail"].clone()))
            .collect()
    };
    assert_eq!(
        of("schedule.pause").last(),
        Some(&(json!("done"), json!("tick")))
    );
    assert_eq!(of("schedule.run"), [(json!("denied"), json!(text))]);
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_views_the_system_sees_schedules_as_data() {
    let running = start(Pausable::DESCRIPTOR).await;
    pass(11).await;
    let seen = serde_json::to_value(running.schedules()).unwrap();
    let tick = &seen[0];
    assert_eq!(tick["plugin"], "pausable");
    assert_eq!(tick["schedule"], "tick");
    assert_eq!(tick["timing"], "every 10s");
    assert_eq!(tick["state"], "active");
    assert_eq!(tick["completed"], 1);
    assert_eq!(tick["last"]["outcome"], "completed");
    assert!(tick["next"].as_str().unwrap().ends_with('Z'), "{tick}");
    running.stop().await;
}
