//! The timer of a timetable, and the runs that it begins.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Timetable;
use crate::context::{Current, Lineage};
use crate::schedule::book::{Book, Phase};
use crate::schedule::entry::ScheduleEntry;
use crate::schedule::run::{self, Call, Ended, ScheduledRun};
use crate::traceparent::TraceContext;

/// How often times of day are compared with the machine's clock, which may be set.
const LOOK: Duration = Duration::from_secs(60);

impl Timetable {
    /// Runs the timer.
    pub(super) async fn drive(self: Arc<Self>, close: CancellationToken) {
        loop {
            let wake = self.turn();
            tokio::select! {
                biased;
                () = close.cancelled() => return,
                () = self.changed.notified() => {}
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Begins the runs that are due; returns the time of the next check.
    fn turn(self: &Arc<Self>) -> Option<Instant> {
        let mut over = Vec::new();
        let mut book = self.book();
        let now = Instant::now();
        let is_of_day = book.refresh(now, &self.clock);
        while let Some(id) = book.due(now) {
            book.change(id, |entry| entry.look(now, &self.clock));
            over.extend(self.start(&mut book, id));
        }
        let first = book.first();
        drop(book);
        self.discard(over);
        if is_of_day {
            let look = now + LOOK;
            return Some(first.map_or(look, |first| first.min(look)));
        }
        first
    }

    /// Begins the runs of an entry that may begin; returns the entry if it is over and was created
    /// at run time.
    pub(super) fn start(self: &Arc<Self>, book: &mut Book, id: u64) -> Option<ScheduleEntry> {
        let Phase::Active(scope) = &book.phase else {
            return None;
        };
        let (scope, life) = (scope.clone(), book.life);
        while let Some(run) = book.change(id, ScheduleEntry::start).flatten() {
            let perform = Arc::clone(self).perform((id, life), run, scope.cancel.clone());
            let spawned = scope
                .tasks
                .spawn("schedule", scope.runs.track_future(perform));
            if let Err(error) = spawned {
                tracing::warn!(plugin = self.identity.name(), "a run is skipped: {error}");
                book.change(id, ScheduleEntry::refuse);
            }
        }
        book.remove_if_over(id)
    }

    /// One run, from its task's first step to its end. It returns nothing, so that a failure in it
    /// is not a failure of the plugin.
    async fn perform(
        self: Arc<Self>,
        (id, life): (u64, u64),
        run: ScheduledRun,
        cancel: CancellationToken,
    ) {
        let Some((call, limit)) = self.call(id, life) else {
            self.book().change(id, ScheduleEntry::withdraw);
            return;
        };
        let trace = TraceContext::root();
        let span = tracing::info_span!(
            "schedule",
            plugin = self.identity.name(),
            schedule = run.schedule(),
            trace_id = %trace.trace_id(),
            span_id = %trace.span_id(),
        );
        let current = Current {
            lineage: Lineage::Span(trace),
            ..self.identity.current()
        };
        let run = run::run(current, limit, call, run);
        let ended = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            ended = tracing::Instrument::instrument(run, span) => Some(ended),
        };
        self.settle(id, life, ended.as_ref());
        if let Some(ended) = ended {
            (self.told)(self.identity.name(), &ended);
        }
    }

    /// The function that a run calls, unless its schedule was cancelled meanwhile.
    fn call(&self, id: u64, life: u64) -> Option<(Call, Duration)> {
        let book = self.book();
        let entry = book.entry(id).filter(|_| book.life == life)?;
        let limit = entry.timing.options.timeout.unwrap_or(self.limit);
        let call = entry.call.clone().filter(|_| !entry.cancelled)?;
        Some((call, limit))
    }

    fn settle(self: &Arc<Self>, id: u64, life: u64, ended: Option<&Ended>) {
        let mut book = self.book();
        if book.life != life {
            return;
        }
        book.change(id, |entry| entry.end(ended));
        let over = self.start(&mut book, id);
        drop(book);
        self.discard(over);
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}
