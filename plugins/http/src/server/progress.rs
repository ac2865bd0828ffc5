//! The progress of a connection, and the deadline for its next step: a client that sends or
//! receives too slowly loses its connection.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Time limits of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// From the beginning of a request's head, or from the start of the connection, to the end of
    /// the head.
    pub header: Duration,
    /// From the first byte of an answer that waits to be sent until everything is sent.
    pub write: Duration,
    /// From an answer to the first byte of the next request.
    pub idle: Duration,
}

/// How long a client may read nothing of its answer while a new connection needs a place.
const STALL: Duration = Duration::from_secs(1);

/// The progress of a connection.
#[derive(Debug)]
pub(super) struct Progress {
    timeouts: Timeouts,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    since: Instant,
    /// Since when data waits to be sent.
    writing: Option<Instant>,
    /// When data was sent last.
    taken: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The head of a request is being received.
    Head,
    /// A request is being answered. The routes limit how long that takes.
    Exchange,
    /// The answer exists, but is not sent completely.
    Answered,
    /// The answer is sent in parts, over any length of time: there may be pauses, but data that
    /// waits has to be sent.
    Streaming,
    /// The next request has not begun.
    Idle,
}

impl Progress {
    /// A connection that has just been opened: its first request is awaited now.
    pub(super) fn new(timeouts: Timeouts) -> Self {
        Self {
            timeouts,
            state: Mutex::new(State {
                stage: Stage::Head,
                since: Instant::now(),
                writing: None,
                taken: Instant::now(),
            }),
        }
    }

    /// A connection that had answers before, from another server.
    pub(super) fn resume(&self) {
        self.state().enter(Stage::Idle);
    }

    /// Whether the head of a request is awaited or being received, and no answer is in progress.
    pub(super) fn is_before_answer(&self) -> bool {
        self.state().stage == Stage::Head
    }

    /// Data was received.
    pub(super) fn received(&self) {
        let mut state = self.state();
        if state.stage == Stage::Idle {
            state.enter(Stage::Head);
        }
    }

    /// A head is complete, and its request is being answered.
    pub(super) fn begun(&self) {
        self.state().enter(Stage::Exchange);
    }

    /// The answer exists.
    pub(super) fn answered(&self) {
        self.state().enter(Stage::Answered);
    }

    /// The answer exists, and is sent in parts.
    pub(super) fn streams(&self) {
        self.state().enter(Stage::Streaming);
    }

    /// Data was sent.
    pub(super) fn wrote(&self) {
        let mut state = self.state();
        state.taken = Instant::now();
        if state.stage == Stage::Streaming {
            state.writing = Some(state.taken);
        }
    }

    /// Data waits to be sent.
    pub(super) fn writing(&self) {
        self.state().writing.get_or_insert_with(Instant::now);
    }

    /// All data was sent.
    pub(super) fn flushed(&self) {
        let mut state = self.state();
        state.writing = None;
        if state.stage == Stage::Answered {
            state.enter(Stage::Idle);
        }
    }

    /// When the connection is closed, unless there is progress before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let (state, timeouts) = (self.state(), self.timeouts);
        if let Some(since) = state.writing {
            return Some(since + timeouts.write);
        }
        let limit = match state.stage {
            Stage::Head => timeouts.header,
            Stage::Exchange | Stage::Streaming => return None,
            Stage::Answered => timeouts.write,
            Stage::Idle => timeouts.idle,
        };
        Some(state.since + limit)
    }

    /// Since when the server has waited for a request on it; `None` while a request is being
    /// answered.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        let state = self.state();
        let waits = matches!(state.stage, Stage::Head | Stage::Idle) && state.writing.is_none();
        waits.then_some(state.since)
    }

    /// Since when the client has read nothing of its answer, if that is long enough for another
    /// connection to take its place.
    pub(super) fn stalled_since(&self) -> Option<Instant> {
        let state = self.state();
        let since = state.writing?.max(state.taken);
        let is_stalled = state.stage == Stage::Answered && since.elapsed() >= STALL;
        is_stalled.then_some(since)
    }

    /// Since when the server has waited for the client, so that another connection can take its place.
    pub(super) fn gives_way_since(&self) -> Option<Instant> {
        self.waiting_since().or_else(|| self.stalled_since())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts = Timeouts {
        header: Duration::from_secs(10),
        write: Duration::from_secs(20),
        idle: Duration::from_secs(30),
    };

    fn left(progress: &Progress) -> Option<u64> {
        let deadline = progress.deadline()?;
        Some((deadline - Instant::now()).as_secs())
    }

    async fn pass(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn each_stage_has_its_limit_and_more_bytes_do_not_extend_it() {
        let progress = Progress::new(TIMEOUTS);
        pass(4).await;
        progress.received();
        assert_eq!(left(&progress), Some(6), "the head");
        progress.begun();
        assert_eq!((left(&progress), progress.waiting_since()), (None, None));
        progress.answered();
        progress.writing();
        pass(5).await;
        progress.writing();
        assert_eq!(left(&progress), Some(15), "the answer");
        progress.flushed();
        assert_eq!(left(&progress), Some(30), "idle");
        pass(1).await;
        progress.received();
        pass(2).await;
        progress.received();
        assert_eq!(left(&progress), Some(8), "the next head");
        assert!(progress.waiting_since().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn report_13_an_answer_of_which_nothing_is_taken_stalls_and_a_stream_does_not() {
        let progress = Progress::new(TIMEOUTS);
        progress.begun();
        progress.answered();
        progress.writing();
        let began = Instant::now();
        assert_eq!(progress.stalled_since(), None);
        pass(1).await;
        assert_eq!(progress.stalled_since(), Some(began));
        progress.wrote();
        assert_eq!(progress.stalled_since(), None, "something was taken");
        pass(1).await;
        assert!(progress.stalled_since().is_some());
        progress.flushed();
        assert_eq!(progress.stalled_since(), None, "all was taken");
        progress.begun();
        progress.streams();
        progress.writing();
        pass(1).await;
        assert_eq!(progress.stalled_since(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_may_rest_and_has_to_go_on_with_what_there_is_to_send() {
        let progress = Progress::new(TIMEOUTS);
        progress.begun();
        progress.streams();
        progress.writing();
        pass(15).await;
        assert_eq!(left(&progress), Some(5));
        progress.wrote();
        assert_eq!(left(&progress), Some(20), "it goes on, however slowly");
        progress.flushed();
        pass(1000).await;
        assert_eq!((left(&progress), progress.waiting_since()), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pipelined_request_does_not_hide_an_answer_that_nobody_reads() {
        let progress = Progress::new(TIMEOUTS);
        progress.begun();
        progress.answered();
        progress.writing();
        pass(3).await;
        progress.begun();
        assert_eq!(left(&progress), Some(17));
    }
}
