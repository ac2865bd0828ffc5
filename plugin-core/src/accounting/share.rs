//! The number of processors that were kept busy during a measuring period.

use std::time::{Duration, Instant};

/// A measuring period that has begun, and the share of the previous one.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShareWindow {
    began: Instant,
    cpu: Duration,
    share: f64,
}

impl ShareWindow {
    /// The next measuring period, which begins at this clock time and processor time.
    pub(super) fn after(last: Option<&Self>, (now, cpu): (Instant, Duration)) -> Self {
        let share = last.map_or(0.0, |last| {
            let length = now.duration_since(last.began).as_secs_f64();
            let taken = cpu.saturating_sub(last.cpu).as_secs_f64();
            if length > 0.0 { taken / length } else { 0.0 }
        });
        let began = now;
        Self { began, cpu, share }
    }

    /// The share of the previous measuring period.
    pub(super) fn share(&self) -> f64 {
        self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_the_last_window_alone() {
        let (start, seconds) = (Instant::now(), Duration::from_secs);
        let first = ShareWindow::after(None, (start, seconds(5)));
        assert_eq!(first.share(), 0.0, "nothing is known of what was before");
        let second = ShareWindow::after(Some(&first), (start + seconds(2), seconds(6)));
        assert_eq!(second.share(), 0.5);
        let idle = ShareWindow::after(Some(&second), (start + seconds(4), seconds(6)));
        assert_eq!(idle.share(), 0.0);
        let same = ShareWindow::after(Some(&idle), (start + seconds(4), seconds(6)));
        assert_eq!(same.share(), 0.0, "no time has passed");
    }
}
