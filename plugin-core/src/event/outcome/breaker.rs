//! A circuit breaker: a handler whose target is down is not called for a while.
//!
//! Invariants: no call begins while the breaker is open; when its time is over, exactly one of the
//! waiting calls begins, the probe, and the others wait until it ends.
//!
//! Phases: closed → open, after a number of failures in a row → half open, while the probe runs →
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
    /// Notified when the phase changes.
    changed: Notify,
}

#[derive(Debug)]
struct BreakerInner {
    phase: BreakerPhase,
    /// The time since when it is not closed.
    since: Option<Instant>,
    /// How often it has opened.
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
    /// The call may begin, and shows whether the target works again.
    Probe,
    Refused,
}

/// What a completed call shows about the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::event) enum Verdict {
    Up,
    Down,
    /// The handler was not called.
    Unknown,
}

/// The transition of the breaker when a call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::event) enum Transition {
    Nothing,
    Opened { failures: u32 },
    StillDown,
    Closed { after: Duration },
}

/// Longest time that a waiter for the end of a probe waits before it checks again.
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

    /// Whether it is open, and it is not yet time for a probe.
    pub(in crate::event) fn is_open(&self) -> bool {
        matches!(self.lock().phase, BreakerPhase::Open { until } if until > Instant::now())
    }

    /// How long it is open.
    pub(in crate::event) fn open_for(&self) -> Duration {
        self.options.open_for.get()
    }

    /// Asks for permission to make a call.
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

    /// The time when a call that is not admitted may ask again; `None` if it would be admitted now.
    pub(in crate::event) fn refused_until(&self) -> Option<Instant> {
        let now = Instant::now();
        match self.lock().phase {
            BreakerPhase::Closed { .. } => None,
            BreakerPhase::Open { until } => (until > now).then_some(until),
            BreakerPhase::HalfOpen => Some(now + LOOK),
        }
    }

    /// Records the end of a call.
    ///
    /// `asked` is the time for which the target asked not to be called, as with a `Retry-After`
    /// header.
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

    /// Waits until events should be delivered: the breaker is closed, or the next probe has to be
    /// one of the events that are not delivered yet.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
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
                // Another probe is needed.
                self.open(now, LOOK);
                Transition::Nothing
            }
            _ => Transition::Nothing,
        }
    }

    fn open(&mut self, now: Instant, open_for: Duration) {
        // If the end of the time can't be represented, one day is used.
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
    /// What the result of a call shows. If a batch has a result for each event, one event that
    /// shows that the target works is enough.
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
