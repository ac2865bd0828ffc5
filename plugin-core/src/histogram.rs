//! Counts durations in buckets whose bounds double: recording is cheap, and quantiles can be
//! estimated.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde::Serialize;

/// Number of buckets with an upper bound: from 1 µs, each twice the previous one, to 33.6 s.
const BOUNDS: usize = 26;

/// A duration and its bucket, which is computed once for all counters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimedCall {
    pub(crate) nanos: u64,
    bucket: usize,
}

impl TimedCall {
    /// A duration; more than five centuries are counted as that.
    #[inline]
    pub(crate) fn of(took: Duration) -> Self {
        let seconds = took.as_secs().saturating_mul(1_000_000_000);
        let nanos = seconds.saturating_add(u64::from(took.subsec_nanos()));
        Self {
            nanos,
            bucket: bucket(nanos),
        }
    }
}

/// The number of durations in each bucket. The last bucket has no bound.
#[derive(Debug, Default)]
pub(crate) struct TimeBuckets([AtomicU64; BOUNDS + 1]);

impl TimeBuckets {
    /// Counts a duration several times.
    #[inline]
    pub(crate) fn note(&self, times: u64, call: TimedCall) {
        self.0[call.bucket].fetch_add(times, Relaxed);
    }

    /// The number of counted durations.
    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|bucket| bucket.load(Relaxed)).sum()
    }

    /// The counts so far; the sum of the durations is known elsewhere.
    pub(crate) fn snapshot(&self, nanos: u64) -> Distribution {
        Distribution {
            counts: self.0.each_ref().map(|bucket| bucket.load(Relaxed)),
            nanos,
        }
    }
}

/// Durations that many threads record.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: TimeBuckets,
    nanos: AtomicU64,
}

impl Histogram {
    /// Records a duration several times.
    pub(crate) fn note(&self, times: u64, took: Duration) {
        let call = TimedCall::of(took);
        self.buckets.note(times, call);
        (self.nanos).fetch_add(call.nanos.saturating_mul(times), Relaxed);
    }

    /// The durations recorded so far.
    pub(crate) fn snapshot(&self) -> Distribution {
        self.buckets.snapshot(self.nanos.load(Relaxed))
    }
}

/// The bucket of a duration: the first whose bound is not less.
fn bucket(nanos: u64) -> usize {
    // Whole microseconds, minus one.
    let micros = nanos.saturating_sub(1) / 1000;
    // The number of times that a microsecond has to be doubled to reach it.
    let doublings = u64::BITS - micros.leading_zeros();
    (doublings as usize).min(BOUNDS)
}

/// The number of durations in each bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Distribution {
    counts: [u64; BOUNDS + 1],
    nanos: u64,
}

impl Distribution {
    /// The upper bounds of all buckets except the last, which has none.
    pub fn bounds() -> impl ExactSizeIterator<Item = Duration> {
        (0..BOUNDS).map(|doublings| Duration::from_micros(1 << doublings))
    }

    /// The number of durations in each bucket; the last bucket is for durations above every bound.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The number of recorded durations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The sum of all durations.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// The durations that were recorded since an earlier snapshot of the same histogram.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut later = self.clone();
        for (count, before) in later.counts.iter_mut().zip(&earlier.counts) {
            *count = count.saturating_sub(*before);
        }
        later.nanos = later.nanos.saturating_sub(earlier.nanos);
        later
    }

    /// The duration that a share of all durations, from 0 to 1, do not exceed. It is the upper
    /// bound of a bucket, so it is up to twice the real value. Durations above every bound count as
    /// the highest bound. `None` if no duration was recorded.
    #[must_use]
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let count = self.count();
        let rank = ((part * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut below = 0;
        let at = self.counts.iter().position(|bucket| {
            below += bucket;
            below >= rank
        })?;
        Self::bounds().nth(at.min(BOUNDS - 1))
    }

    /// Adds the durations of another distribution.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.nanos = self.nanos.saturating_add(other.nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_first_bucket_whose_bound_is_not_less() {
        let bounds: Vec<_> = Distribution::bounds().collect();
        assert_eq!(bounds[0], Duration::from_micros(1));
        assert_eq!(bounds[25], Duration::from_micros(33_554_432));
        for (at, bound) in bounds.iter().enumerate() {
            let nanos = u64::try_from(bound.as_nanos()).unwrap();
            assert_eq!(bucket(nanos), at, "{bound:?}");
            assert_eq!(bucket(nanos + 1), at + 1, "{bound:?}");
        }
        assert_eq!((bucket(0), bucket(u64::MAX)), (0, BOUNDS));
    }

    #[test]
    fn what_was_noted_adds_up() {
        let histogram = Histogram::default();
        histogram.note(3, Duration::from_micros(2));
        histogram.note(1, Duration::from_secs(60));
        let mut seen = histogram.snapshot();
        assert_eq!((seen.counts()[1], seen.counts()[BOUNDS]), (3, 1));
        seen.add(&histogram.snapshot());
        assert_eq!(seen.count(), 8);
        assert_eq!(seen.sum(), 2 * Duration::from_nanos(60_000_006_000));
    }

    #[test]
    fn a_quantile_is_the_bound_that_so_many_times_are_not_above() {
        let histogram = Histogram::default();
        assert_eq!(histogram.snapshot().quantile(0.5), None);
        histogram.note(98, Duration::from_micros(3));
        let before = histogram.snapshot();
        histogram.note(2, Duration::from_secs(60));
        let all = histogram.snapshot();
        assert_eq!(all.quantile(0.0), Some(Duration::from_micros(4)));
        assert_eq!(all.quantile(0.98), Some(Duration::from_micros(4)));
        let highest = Some(Duration::from_micros(33_554_432));
        assert_eq!(all.quantile(0.99), highest);
        let later = all.since(&before);
        assert_eq!((later.count(), later.quantile(0.5)), (2, highest));
        assert_eq!(before.since(&all).count(), 0);
    }
}
