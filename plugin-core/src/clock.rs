//! The time of day on tokio's clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Returns the time. It follows tokio's clock, so a test that pauses tokio's time pauses this clock
/// as well.
#[derive(Debug, Clone)]
pub struct Clock(Base);

#[derive(Debug, Clone)]
enum Base {
    /// The machine's clock, with its corrections.
    System,
    /// A clock that showed this time when tokio's clock showed that one. Its clones are set
    /// together with it.
    Set(Arc<Mutex<(SystemTime, Instant)>>),
}

impl Clock {
    /// The machine's clock. It follows corrections of the machine's time and suspensions of the
    /// machine.
    #[must_use]
    pub const fn system() -> Self {
        Self(Base::System)
    }

    /// A clock for tests, which shows `time` now and runs with tokio's clock.
    #[must_use]
    pub fn starting_at(time: SystemTime) -> Self {
        let shown = (time, Instant::now());
        Self(Base::Set(Arc::new(Mutex::new(shown))))
    }

    /// Sets a clock from [`starting_at`](Self::starting_at), and its clones, to another time, for
    /// tests: an operator or a time server can set a machine's clock the same way. The machine's
    /// clock is not changed.
    pub fn set(&self, time: SystemTime) {
        if let Base::Set(shown) = &self.0 {
            *shown.lock().unwrap_or_else(PoisonError::into_inner) = (time, Instant::now());
        }
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        match &self.0 {
            Base::Set(shown) => {
                let (time, at) = *shown.lock().unwrap_or_else(PoisonError::into_inner);
                time + at.elapsed()
            }
            Base::System => system_now(),
        }
    }

    /// The moment when tokio's clock will show a time of day, if neither clock is set until then.
    pub(crate) fn instant_of(&self, time: SystemTime) -> Instant {
        let now = Instant::now();
        match time.duration_since(self.now()) {
            Ok(left) => now.checked_add(left).unwrap_or_else(|| now + FAR),
            Err(past) => now.checked_sub(past.duration()).unwrap_or(now),
        }
    }

    /// The time of day at a moment of tokio's clock.
    pub(crate) fn time_of(&self, at: Instant) -> SystemTime {
        let (now, time) = (Instant::now(), self.now());
        let moved = if at >= now {
            time.checked_add(at - now)
        } else {
            time.checked_sub(now - at)
        };
        moved.unwrap_or(time)
    }
}

/// A moment that a timer accepts and that is too far away to matter.
const FAR: Duration = Duration::from_secs(3650 * 86_400);

/// The machine's time, adjusted by the difference between a paused tokio clock and the real one.
fn system_now() -> SystemTime {
    let (time, real) = (SystemTime::now(), std::time::Instant::now());
    let tokio = Instant::now().into_std();
    let moved = if tokio >= real {
        time.checked_add(tokio - real)
    } else {
        time.checked_sub(real - tokio)
    };
    moved.unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_shows_the_other_time_everywhere() {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(3600));
        let other = clock.clone();
        clock.set(SystemTime::UNIX_EPOCH);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(other.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn both_clocks_go_with_a_paused_one() {
        for clock in [Clock::system(), Clock::starting_at(SystemTime::UNIX_EPOCH)] {
            let before = clock.now();
            tokio::time::advance(Duration::from_secs(3600)).await;
            let moved = clock.now().duration_since(before).unwrap();
            let off = moved.abs_diff(Duration::from_secs(3600));
            assert!(off < Duration::from_millis(100), "{clock:?}: {moved:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_moment_and_its_time_are_turned_into_one_another() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let clock = Clock::starting_at(start);
        let later = Instant::now() + Duration::from_secs(90);
        assert_eq!(clock.time_of(later), start + Duration::from_secs(90));
        assert_eq!(clock.instant_of(start + Duration::from_secs(90)), later);
        let past = start - Duration::from_secs(1);
        assert_eq!(clock.time_of(clock.instant_of(past)), past);
    }
}
