//! Schedules that a plugin makes while it runs.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::error::ScheduleError;
use super::run::{Call, ScheduledRun};
use super::timetable::Timetable;
use super::timing::Timing;
use crate::boxed::BoxFuture;
use crate::error::{Error, IntoOutcome, Result};
use crate::event::{Event, Publisher};

/// The right of one plugin to create schedules at run time: a parameter of its `#[init]`.
///
/// A schedule that is created before the plugin runs begins when the plugin runs. All schedules end
/// when the plugin stops; they are not stored on disk.
///
/// # Example
///
/// ```
/// use std::sync::Mutex;
/// use std::time::Duration;
///
/// use plugin_core::prelude::*;
/// use plugin_core::schedule::{ScheduleHandle, Timing};
///
/// #[event("user.reminder")]
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// struct Reminder { user_id: String }
///
/// struct Reminders {
///     scheduler: Scheduler,
///     reminder: Publisher<Reminder>,
///     beat: Mutex<Option<ScheduleHandle>>,
/// }
///
/// #[plugin(name = "reminders", version = "1.0.0")]
/// impl Reminders {
///     #[init]
///     fn init(scheduler: Scheduler, reminder: Publisher<Reminder>) -> Self {
///         Self { scheduler, reminder, beat: Mutex::default() }
///     }
///
///     #[start]
///     fn start(&self) -> Result<()> {
///         let day = Duration::from_secs(24 * 60 * 60);
///         let event = Reminder { user_id: "ann".to_owned() };
///         // The event is never cancelled, so the handle is detached.
///         self.scheduler.publish_later(&self.reminder, event, day)?.detach();
///
///         let timing = Timing::every(Duration::from_secs(5));
///         let beat = self.scheduler.schedule("beat", timing, |run| async move {
///             tracing::debug!("beat {}", run.number());
///         })?;
///         *self.beat.lock().unwrap() = Some(beat);
///         Ok(())
///     }
/// }
/// # mod tracing { macro_rules! debug { ($($all:tt)*) => { drop(format!($($all)*)) } } pub(crate) use debug; }
/// ```
#[derive(Clone)]
pub struct Scheduler(Arc<Timetable>);

impl Scheduler {
    /// Lets a plugin create schedules.
    pub(crate) fn new(timetable: &Arc<Timetable>) -> Self {
        timetable.open();
        Self(Arc::clone(timetable))
    }

    /// Runs a function at the times of `timing`. Operators see the schedule as `name`, which has to
    /// be unique in the plugin.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin is stopping, if the name is used already, or if the plugin
    /// has 100 000 schedules.
    pub fn schedule<F>(
        &self,
        name: impl Into<Arc<str>>,
        timing: Timing,
        run: impl Fn(ScheduledRun) -> F + Send + Sync + 'static,
    ) -> Result<ScheduleHandle, ScheduleError>
    where
        F: Future<Output: IntoOutcome> + Send + 'static,
    {
        let name = name.into();
        let call: Call = Arc::new(move |scheduled| boxed(run(scheduled)));
        let id = self.0.add(|_| name, timing, call)?;
        Ok(self.handle(id))
    }

    /// Publishes an event after a delay, if the plugin still runs then.
    ///
    /// The event is published by a run of a schedule: the run waits for room, for at most the
    /// plugin's `timeout`. Operators see the schedule as the topic with a number,
    /// `user.reminder#7`.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin is stopping, or has 100 000 schedules.
    pub fn publish_later<E: Event>(
        &self,
        publisher: &Publisher<E>,
        event: E,
        after: Duration,
    ) -> Result<ScheduleHandle, ScheduleError> {
        self.publish(publisher, event, Timing::after(after))
    }

    /// Publishes an event at a time of day, or at once if that time has passed, if the plugin still
    /// runs then: see [`Scheduler::publish_later`].
    ///
    /// # Errors
    ///
    /// As [`Scheduler::publish_later`].
    pub fn publish_at<E: Event>(
        &self,
        publisher: &Publisher<E>,
        event: E,
        at: SystemTime,
    ) -> Result<ScheduleHandle, ScheduleError> {
        self.publish(publisher, event, Timing::at(at))
    }

    fn publish<E: Event>(
        &self,
        publisher: &Publisher<E>,
        event: E,
        timing: Timing,
    ) -> Result<ScheduleHandle, ScheduleError> {
        let (publisher, event) = (publisher.clone(), Mutex::new(Some(event)));
        let call: Call = Arc::new(move |_| {
            let event = event.lock().unwrap_or_else(PoisonError::into_inner).take();
            let publisher = publisher.clone();
            boxed(async move {
                match event {
                    Some(event) => publisher.publish(event).await.map_err(Error::from),
                    None => Err(Error::bug("the event was published before")),
                }
            })
        });
        let name = |id| format!("{}#{id}", E::DESCRIPTOR.topic).into();
        let id = self.0.add(name, timing, call)?;
        Ok(self.handle(id))
    }

    fn handle(&self, id: u64) -> ScheduleHandle {
        ScheduleHandle(Some((Arc::clone(&self.0), id)))
    }
}

fn boxed<F>(future: F) -> BoxFuture<'static, Result<()>>
where
    F: Future<Output: IntoOutcome> + Send + 'static,
{
    Box::pin(async move { future.await.into_outcome() })
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scheduler").field(&self.0).finish()
    }
}

/// A schedule that was created at run time. It ends when this handle is dropped: no run begins
/// after that, but a run in progress continues to its end.
#[derive(Debug)]
#[must_use = "the schedule ends when its handle is dropped: keep it, or `detach` it"]
pub struct ScheduleHandle(Option<(Arc<Timetable>, u64)>);

impl ScheduleHandle {
    /// Ends the schedule, like dropping the handle.
    pub fn cancel(self) {}

    /// Lets the schedule continue without a handle, until it is over or the plugin stops.
    pub fn detach(mut self) {
        self.0 = None;
    }
}

impl Drop for ScheduleHandle {
    fn drop(&mut self) {
        if let Some((timetable, id)) = self.0.take() {
            timetable.remove(id);
        }
    }
}
