//! What a plugin schedules while it runs.

use std::sync::Arc;
use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::lifecycle::ScheduleFailed;
use plugin_core::prelude::*;
use plugin_core::schedule::{ScheduleError, ScheduleHandle, Timing};
use serde_json::json;

use super::{Diary, lines, pass, schedule, start};
use crate::heard::Heard;
use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("schedule.test.reminder")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Reminder {
    number: u32,
}

/// Does with a scheduler what a test asks for.
struct Planner {
    diary: Diary,
    scheduler: Scheduler,
    reminder: Publisher<Reminder>,
    clock: Clock,
}

#[service]
trait Plans {
    fn beat(&self, name: &str, timing: Timing) -> Result<ScheduleHandle, ScheduleError>;
    fn later(&self, number: u32, seconds: u64) -> ScheduleHandle;
    fn at(&self, number: u32, seconds: u64) -> ScheduleHandle;
    fn scheduler(&self) -> Scheduler;
}

#[plugin(name = "planner", provides(Plans))]
impl Planner {
    #[init]
    fn init(
        journal: Service<dyn Journal>,
        scheduler: Scheduler,
        reminder: Publisher<Reminder>,
        clock: Clock,
    ) -> Result<Self> {
        let plugin = Self {
            diary: Diary::new(journal),
            scheduler,
            reminder,
            clock,
        };
        plugin
            .beat("from init", Timing::after(Duration::ZERO))?
            .detach();
        Ok(plugin)
    }
}

#[service]
impl Plans for Planner {
    fn beat(&self, name: &str, timing: Timing) -> Result<ScheduleHandle, ScheduleError> {
        let diary = self.diary.clone();
        self.scheduler.schedule(name, timing, move |run| {
            let diary = diary.clone();
            async move { diary.write(run.schedule()) }
        })
    }

    fn later(&self, number: u32, seconds: u64) -> ScheduleHandle {
        let (event, after) = (Reminder { number }, Duration::from_secs(seconds));
        self.scheduler
            .publish_later(&self.reminder, event, after)
            .unwrap()
    }

    fn at(&self, number: u32, seconds: u64) -> ScheduleHandle {
        let at = self.clock.now() + Duration::from_secs(seconds);
        self.scheduler
            .publish_at(&self.reminder, Reminder { number }, at)
            .unwrap()
    }

    fn scheduler(&self) -> Scheduler {
        self.scheduler.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_schedule_ends_with_its_handle_and_what_is_over_is_gone() {
    let running = start(Planner::DESCRIPTOR).await;
    let plans = running.service::<dyn Plans>().unwrap();
    let beat = plans
        .beat("beat", Timing::every(super::SECOND * 10))
        .unwrap();
    let twice = plans
        .beat("twice", Timing::every(super::SECOND * 15).max_runs(2))
        .unwrap();
    let taken = plans
        .beat("beat", Timing::after(super::SECOND))
        .unwrap_err();
    assert_eq!(taken, ScheduleError::Taken("beat".to_owned()));
    pass(31).await;
    let expected = [
        "from init 0",
        "beat 10",
        "twice 15",
        "beat 20",
        "beat 30",
        "twice 30",
    ];
    let mut sorted = lines(&running);
    sorted[4..].sort();
    assert_eq!(sorted, expected);
    let names: Vec<_> = running
        .schedules()
        .into_iter()
        .map(|it| it.schedule)
        .collect();
    assert_eq!(names, ["beat"], "what is over is not kept");
    beat.cancel();
    drop(twice);
    pass(60).await;
    assert_eq!(lines(&running).len(), expected.len());
    assert!(running.schedules().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b33_what_failed_is_told_as_failed_and_what_is_over_is_gone() {
    let running = start(Planner::DESCRIPTOR).await;
    let failed = Heard::<ScheduleFailed>::on(&running);
    let scheduler = running.service::<dyn Plans>().unwrap().scheduler();
    for number in 0..100 {
        let timing = Timing::after(super::SECOND * number);
        let fails = |_| async { Err::<(), _>(Error::external("no connection")) };
        let handle = scheduler.schedule(format!("once {number}"), timing, fails);
        handle.unwrap().detach();
    }
    pass(50).await;
    assert_eq!(running.schedules().len(), 49);
    pass(60).await;
    assert!(running.schedules().is_empty());
    running.idle().await;
    assert_eq!(failed.take().len(), 100);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b32_a_schedule_that_is_cancelled_at_once_does_not_run() {
    let running = start(Planner::DESCRIPTOR).await;
    let plans = running.service::<dyn Plans>().unwrap();
    pass(1).await;
    for number in 0..200 {
        plans
            .beat("never", Timing::after(Duration::ZERO))
            .unwrap()
            .cancel();
        plans.later(number, 0).cancel();
    }
    let heard = Heard::<Reminder>::on(&running);
    pass(60).await;
    running.idle().await;
    assert_eq!(lines(&running), ["from init 0"]);
    assert_eq!(heard.take(), []);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_are_published_later_in_the_order_of_their_times() {
    let running = start(Planner::DESCRIPTOR).await;
    let heard = Heard::<Reminder>::on(&running);
    let plans = running.service::<dyn Plans>().unwrap();
    let names = |running: &plugin_core::lifecycle::Running| -> Vec<_> {
        running
            .schedules()
            .into_iter()
            .map(|it| it.schedule)
            .collect()
    };
    pass(0).await;
    plans.later(3, 30).detach();
    plans.later(1, 10).detach();
    plans.at(2, 20).detach();
    let given_up = plans.later(4, 15);
    assert_eq!(names(&running).len(), 4);
    assert!(names(&running)[0].starts_with("schedule.test.reminder#"));
    drop(given_up);
    pass(31).await;
    running.idle().await;
    assert_eq!(heard.take(), [1, 2, 3].map(|number| Reminder { number }));
    assert!(names(&running).is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_what_was_scheduled_and_takes_nothing_new() {
    let running = start(Planner::DESCRIPTOR).await;
    let heard = Heard::<Reminder>::on(&running);
    let plans = running.service::<dyn Plans>().unwrap();
    let scheduler = plans.scheduler();
    plans.later(1, 30).detach();
    running.handle().stop_cascade("planner").await.unwrap();
    let late = scheduler.schedule("late", Timing::after(super::SECOND), |_| async {});
    assert_eq!(late.unwrap_err(), ScheduleError::Stopping);
    pass(60).await;
    running.idle().await;
    assert_eq!(heard.take(), []);
    running.handle().start("planner").await.unwrap();
    pass(60).await;
    assert!(
        running.schedules().is_empty(),
        "nothing of the earlier life is left"
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_operator_works_on_what_was_made_at_run_time_too() {
    let running = start(Planner::DESCRIPTOR).await;
    let plans = running.service::<dyn Plans>().unwrap();
    let handle = running.handle();
    let beat = plans
        .beat("beat", Timing::every(super::SECOND * 10))
        .unwrap();
    handle.run_schedule("planner", "beat").await.unwrap();
    pass(1).await;
    assert_eq!(schedule(&running, "beat").counts.completed, 1);
    handle.cancel_schedule("planner", "beat").await.unwrap();
    pass(60).await;
    assert!(running.schedules().is_empty());
    drop(beat);
    running.stop().await;
}

struct Dropped(Scheduler);

impl Drop for Dropped {
    fn drop(&mut self) {
        // Plugin code that is dropped may call back, and may panic.
        let refused = self
            .0
            .schedule("again", Timing::after(super::SECOND), |_| async {});
        drop(refused);
        panic!("boom in drop");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_schedule_holds_may_call_back_and_panic_when_it_is_dropped() {
    let running = start(Planner::DESCRIPTOR).await;
    let scheduler = running.service::<dyn Plans>().unwrap().scheduler();
    let held = Arc::new(Dropped(scheduler.clone()));
    let once = scheduler.schedule("holds", Timing::after(super::SECOND), move |_| {
        let held = Arc::clone(&held);
        async move { drop(held) }
    });
    once.unwrap().detach();
    pass(2).await;
    let plans = running.service::<dyn Plans>().unwrap();
    plans
        .beat("beat", Timing::after(super::SECOND))
        .unwrap()
        .detach();
    pass(2).await;
    assert_eq!(
        lines(&running).last().unwrap(),
        "beat 3",
        "the timer goes on"
    );
    assert!(running.stop().await.is_clean());
}

#[test]
fn to_schedule_at_run_time_is_a_right() {
    let rig = Rig::new(&[Planner::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let rig = rig.set(
        "planner",
        "permissions",
        json!([
            { "resource": "service", "actions": ["use"] },
            { "resource": "event_bus", "actions": ["publish"] },
        ]),
    );
    let refused = rig.configure().unwrap_err().to_string();
    assert!(
        refused.contains(
            "`planner` may not schedule at run time: grant it `scheduler` with action `schedule`"
        ),
        "{refused}"
    );
}
