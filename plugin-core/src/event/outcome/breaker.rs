//! A circuit breaker: a handler whose target is down is left alone for a while.
//!
//! Invariants: while it is open no call begins; of those that could begin when its time is over,
//! one does, the probe, and the others wait for its end.
//!
//! Phases: closed → open, after so many failures in a row → half open, while the probe runs →
//! closed, or open again. After M. Nygard, "Release It!" (2007).

mod status;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::error::{ErrorKind, LONGEST_ASKED, Result};
use crate::options;

pub use status::{BreakerState, BreakerStatus};

/// The breaker of one handler of one instance.
#[derive(Debug)]
pub(crate) struct CircuitBreaker {
    handler: &'static str,
    options: options::Breaker,
    state: Mutex<BreakerInner>,
    /// Told when the phase changes.
    changed: Notify,
}

#[derive(Debug)]
struct BreakerInner {
    phase: BreakerPhase,
    /// Since when it is not closed.
    since: Option<Instant>,
    /// How often it opened.
    opened: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BreakerPhase {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen,
}

/// Whether a call may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::event) enum Admission {
    Call,
    /// It shows whether the target is back.
    Probe,
    Refused,
}

/// What a call that has ended says of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::event) enum Verdict {
    Up,
    Down,
    /// The handler was not called.
    Unknown,
}

/// What became of the breaker when a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::event) enum Transition {
    Nothing,
    Opened { failures: u32 },
    StillDown,
    Closed { after: Duration },
}

/// How long what waits for the end of a probe waits at most before it looks.
const LOOK: Duration = Duration::from_millis(100);

impl CircuitBreaker {
    pub(in crate::event) fn new(handler: &'static str, options: options::Breaker) -> Self {
        Self {
            handler,
            options,
            state: Mutex::new(BreakerInner {
                phase: BreakerPhase::Closed { failures: 0 },
                since: None,
                opened: 0,
            }),
            changed: Notify::new(),
        }
    }

    /// Whether the handler is called.
    pub(in crate::event) fn is_closed(&self) -> bool {
        matches!(self.lock().phase, BreakerPhase::Closed { .. })
    }

    /// Whether it is open, and not yet time for a probe.
    pub(in crate::event) fn is_open(&self) -> bool {
        matches!(self.lock().phase, BreakerPhase::Open { until } if until > Instant::now())
    }

    /// How long it is open.
    pub(in crate::event) fn open_for(&self) -> Duration {
        self.options.open_for.get()
    }

    /// Asks for a call.
    pub(in crate::event) fn admit(&self) -> Admission {
        let mut state = self.lock();
        match state.phase {
            BreakerPhase::Closed { .. } => Admission::Call,
            BreakerPhase::Open { until } if until <= Instant::now() => {
                state.phase = BreakerPhase::HalfOpen;
                Admission::Probe
            }
            BreakerPhase::Open { .. } | BreakerPhase::HalfOpen => Admission::Refused,
        }
    }

    /// When a call that is not admitted asks again; `None` if it would be admitted.
    pub(in crate::event) fn refused_until(&self) -> Option<Instant> {
        let now = Instant::now();
        match self.lock().phase {
            BreakerPhase::Closed { .. } => None,
            BreakerPhase::Open { until } => (until > now).then_some(until),
            BreakerPhase::HalfOpen => Some(now + LOOK),
        }
    }

    /// A call has ended.
    ///
    /// `asked` is how long the target asks to be left alone, as with a `Retry-After`.
    pub(in crate::event) fn ended(
        &self,
        (verdict, asked): (Verdict, Duration),
        is_probe: bool,
    ) -> Transition {
        let mut state = self.lock();
        let before = state.phase;
        let open_for = self.open_for().max(asked.min(LONGEST_ASKED));
        let transition = state.transition(verdict, is_probe, (self.options.failures, open_for));
        let is_another = state.phase != before;
        drop(state);
        if is_another {
            self.changed.notify_waiters();
        }
        transition
    }

    /// Waits until events should be delivered: it is closed, or the probe has to come from those
    /// that are not delivered yet.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing.
    pub(in crate::event) async fn lets_through(&self, in_flight: impl Fn() -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let phase = self.lock().phase;
            let look = match phase {
                BreakerPhase::Closed { .. } => return,
                BreakerPhase::Open { until } if until <= Instant::now() && !in_flight() => return,
                BreakerPhase::Open { until } => until.max(Instant::now() + LOOK),
                BreakerPhase::HalfOpen => Instant::now() + self.open_for().max(LOOK),
            };
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(look) => {}
            }
        }
    }

    pub(crate) fn status(&self) -> BreakerStatus {
        let state = self.lock();
        let (word, failures, next_probe) = match state.phase {
            BreakerPhase::Closed { failures } => (BreakerState::Closed, failures, None),
            BreakerPhase::Open { until } => {
                let left = until.saturating_duration_since(Instant::now());
                (BreakerState::Open, self.options.failures, Some(left))
            }
            BreakerPhase::HalfOpen => (BreakerState::HalfOpen, self.options.failures, None),
        };
        BreakerStatus {
            handler: self.handler,
            state: word,
            failures,
            opened: state.opened,
            next_probe,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BreakerInner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BreakerInner {
    fn transition(
        &mut self,
        verdict: Verdict,
        is_probe: bool,
        (most, open_for): (u32, Duration),
    ) -> Transition {
        let now = Instant::now();
        match (verdict, self.phase) {
            (Verdict::Up, _) => self.close(now),
            (Verdict::Down, BreakerPhase::Closed { failures }) => {
                let failures = failures.saturating_add(1);
                self.phase = BreakerPhase::Closed { failures };
                if failures < most {
                    return Transition::Nothing;
                }
                self.opened += 1;
                self.since = Some(now);
                self.open(now, open_for);
                Transition::Opened { failures }
            }
            (Verdict::Down, BreakerPhase::HalfOpen) if is_probe => {
                self.open(now, open_for);
                Transition::StillDown
            }
            (Verdict::Unknown, BreakerPhase::HalfOpen) if is_probe => {
                // Another one shows.
                self.open(now, LOOK);
                Transition::Nothing
            }
            _ => Transition::Nothing,
        }
    }

    fn open(&mut self, now: Instant, open_for: Duration) {
        // One that is open for longer than a clock can tell is open for a day.
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let until = now.checked_add(open_for).unwrap_or(now + DAY);
        self.phase = BreakerPhase::Open { until };
    }

    fn close(&mut self, now: Instant) -> Transition {
        self.phase = BreakerPhase::Closed { failures: 0 };
        let since = self.since.take();
        since.map_or(Transition::Nothing, |since| Transition::Closed {
            after: now - since,
        })
    }
}

impl Verdict {
    /// What the result of a call says. Of a batch that was told of by its events, one that shows
    /// the target to be up is enough.
    pub(in crate::event) fn of(result: &Result<()>) -> Self {
        let error = match result {
            Ok(()) => return Self::Up,
            Err(error) => error,
        };
        if let Some(each) = error.each() {
            let mut each = each.iter().map(Self::of);
            let first = each.next().unwrap_or(Self::Unknown);
            return each.fold(first, |one, other| match (one, other) {
                (Self::Up, _) | (_, Self::Up) => Self::Up,
                (Self::Down, Self::Down) => Self::Down,
                _ => Self::Unknown,
            });
        }
        match error.kind() {
            ErrorKind::External { retriable: true } | ErrorKind::Timeout => Self::Down,
            ErrorKind::External { retriable: false } => Self::Up,
            ErrorKind::Config | ErrorKind::Denied | ErrorKind::Bug => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker() -> CircuitBreaker {
        let mut options = options::Breaker::new(2);
        options.open_for = crate::config::Period::new(SECOND);
        CircuitBreaker::new("handler", options)
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_and_one_probe_shows() {
        let breaker = breaker();
        assert_eq!(
            breaker.ended((Verdict::Down, Duration::ZERO), false),
            Transition::Nothing
        );
        assert_eq!(
            breaker.ended((Verdict::Up, Duration::ZERO), false),
            Transition::Nothing
        );
        assert_eq!(
            breaker.ended((Verdict::Down, Duration::ZERO), false),
            Transition::Nothing,
            "not in a row"
        );
        assert_eq!(
            breaker.ended((Verdict::Down, Duration::ZERO), false),
            Transition::Opened { failures: 2 }
        );
        assert_eq!(breaker.admit(), Admission::Refused);
        tokio::time::sleep(SECOND).await;
        assert_eq!(breaker.admit(), Admission::Probe);
        assert_eq!(breaker.admit(), Admission::Refused, "one probe");
        assert_eq!(
            breaker.ended((Verdict::Down, Duration::ZERO), true),
            Transition::StillDown
        );
        assert_eq!(breaker.admit(), Admission::Refused);
        tokio::time::sleep(SECOND).await;
        assert_eq!(breaker.admit(), Admission::Probe);
        let after = 2 * SECOND;
        assert_eq!(
            breaker.ended((Verdict::Up, Duration::ZERO), true),
            Transition::Closed { after }
        );
        assert_eq!(breaker.admit(), Admission::Call);
        assert_eq!(breaker.status().opened, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_began_before_it_opened_is_no_probe() {
        let breaker = breaker();
        breaker.ended((Verdict::Down, Duration::ZERO), false);
        breaker.ended((Verdict::Down, Duration::ZERO), false);
        tokio::time::sleep(SECOND).await;
        assert_eq!(breaker.admit(), Admission::Probe);
        assert_eq!(
            breaker.ended((Verdict::Down, Duration::ZERO), false),
            Transition::Nothing
        );
        assert_eq!(breaker.status().state, BreakerState::HalfOpen);
        assert_eq!(
            breaker.ended((Verdict::Unknown, Duration::ZERO), true),
            Transition::Nothing
        );
        tokio::time::sleep(LOOK).await;
        assert_eq!(breaker.admit(), Admission::Probe, "another one shows");
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_that_asks_for_it_is_left_alone_for_longer() {
        let breaker = breaker();
        let asked = |seconds| (Verdict::Down, seconds * SECOND);
        breaker.ended(asked(0), false);
        breaker.ended(asked(60), false);
        assert_eq!(breaker.status().next_probe, Some(60 * SECOND));
        tokio::time::sleep(60 * SECOND).await;
        assert_eq!(breaker.admit(), Admission::Probe);
        breaker.ended(asked(1_000_000), true);
        assert_eq!(breaker.status().next_probe, Some(LONGEST_ASKED));
    }

    #[test]
    fn a_batch_says_that_the_target_is_down_if_all_of_its_events_do() {
        let busy = || Err(Error::retriable("busy"));
        let bug = || Err(Error::bug("odd"));
        assert_eq!(Verdict::of(&busy()), Verdict::Down);
        assert_eq!(Verdict::of(&Err(Error::timeout("late"))), Verdict::Down);
        assert_eq!(Verdict::of(&Err(Error::external("no"))), Verdict::Up);
        assert_eq!(Verdict::of(&bug()), Verdict::Unknown);
        let of_each = |results| Verdict::of(&Err(Error::of_each(results)));
        assert_eq!(of_each(vec![busy(), busy()]), Verdict::Down);
        assert_eq!(of_each(vec![busy(), Ok(())]), Verdict::Up);
        assert_eq!(of_each(vec![busy(), bug()]), Verdict::Unknown);
    }
}
