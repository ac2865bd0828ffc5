//! The activity of one instance, by seconds and by half minutes.
//!
//! Invariants: a sample is the difference of two readings of the same life of the instance, so no
//! rate is negative; between two lives there is a gap. A series has a fixed size.

use std::time::Duration;

use plugin_core::Distribution;
use plugin_core::lifecycle::PluginStatus;
use plugin_core::prelude::JsonSchema;
use serde::Serialize;

/// Number of samples in a ring.
pub(crate) const KEPT: usize = 120;

/// Number of seconds of a sample in the coarse ring.
pub(crate) const COARSE: u64 = 30;

/// A reading of the counters of one life of an instance.
#[derive(Debug, Clone, Default)]
pub(crate) struct Look {
    pub(crate) life: u64,
    pub(crate) received: u64,
    pub(crate) published: u64,
    pub(crate) errors: u64,
    pub(crate) cpu: Duration,
    pub(crate) latency: Distribution,
    pub(crate) queued: usize,
    pub(crate) memory: Option<u64>,
}

impl Look {
    pub(crate) fn at(status: &PluginStatus) -> Self {
        Self {
            life: status.life,
            received: status.events.received,
            published: status.events.published,
            errors: status.events.errors,
            cpu: status.cpu,
            latency: status.latency.clone(),
            queued: status.queued,
            memory: status.memory,
        }
    }
}

/// The activity of an instance in a period. Unknown values are not a number, which is `null` in
/// JSON.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    pub(crate) received: f32,
    pub(crate) published: f32,
    pub(crate) errors: f32,
    pub(crate) p50_us: f32,
    pub(crate) p99_us: f32,
    pub(crate) cpu: f32,
    pub(crate) queued: f32,
    pub(crate) memory: f32,
}

impl Sample {
    /// All values are unknown, because it is a new life.
    fn gap(now: &Look) -> Self {
        Self {
            received: f32::NAN,
            published: f32::NAN,
            errors: f32::NAN,
            p50_us: f32::NAN,
            p99_us: f32::NAN,
            cpu: f32::NAN,
            queued: now.queued as f32,
            memory: now.memory.map_or(f32::NAN, |bytes| bytes as f32),
        }
    }

    fn between(before: &Look, now: &Look, passed: Duration) -> Self {
        let seconds = passed.as_secs_f64();
        if before.life != now.life || seconds == 0.0 {
            return Self::gap(now);
        }
        // Counters of one life only grow; if the instance was configured anew, they begin again.
        let rate = |before: u64, now: u64| match now.checked_sub(before) {
            Some(more) => (more as f64 / seconds) as f32,
            None => f32::NAN,
        };
        let (p50_us, p99_us) = quantiles(&now.latency.since(&before.latency));
        Self {
            received: rate(before.received, now.received),
            published: rate(before.published, now.published),
            errors: rate(before.errors, now.errors),
            p50_us,
            p99_us,
            cpu: (now.cpu.saturating_sub(before.cpu).as_secs_f64() / seconds) as f32,
            ..Self::gap(now)
        }
    }
}

/// The median and the 99th percentile, in microseconds.
fn quantiles(latency: &Distribution) -> (f32, f32) {
    let at = |part| {
        let time = latency.quantile(part);
        time.map_or(f32::NAN, |time| time.as_micros() as f32)
    };
    (at(0.5), at(0.99))
}

/// The last samples.
#[derive(Debug)]
struct SampleRing {
    samples: Box<[Sample; KEPT]>,
    /// The index of the next sample.
    next: usize,
    len: usize,
}

impl SampleRing {
    fn new() -> Self {
        let empty = Sample::gap(&Look::default());
        Self {
            samples: Box::new([empty; KEPT]),
            next: 0,
            len: 0,
        }
    }

    fn push(&mut self, sample: Sample) {
        self.samples[self.next] = sample;
        self.next = (self.next + 1) % KEPT;
        self.len = (self.len + 1).min(KEPT);
    }

    /// Oldest first.
    fn iter(&self) -> impl Iterator<Item = &Sample> {
        let oldest = (self.next + KEPT - self.len) % KEPT;
        (0..self.len).map(move |at| &self.samples[(oldest + at) % KEPT])
    }

    fn last(&self) -> Option<&Sample> {
        self.iter().last()
    }
}

/// The stored data of one instance.
#[derive(Debug)]
pub(crate) struct Series {
    seconds: SampleRing,
    coarse: SampleRing,
    last: Option<Look>,
    /// The readings at the ends of the last two coarse samples, the later one last.
    ends: [Option<Look>; 2],
    /// The time and the number of readings since the last coarse sample.
    since: (Duration, u64),
}

impl Series {
    /// The largest size of a series in bytes.
    #[cfg(test)]
    const BYTES: usize = size_of::<Self>() + 2 * KEPT * size_of::<Sample>();

    pub(crate) fn new() -> Self {
        Self {
            seconds: SampleRing::new(),
            coarse: SampleRing::new(),
            last: None,
            ends: [None, None],
            since: (Duration::ZERO, 0),
        }
    }

    /// Records a reading, `passed` after the previous one.
    pub(crate) fn take(&mut self, now: Look, passed: Duration) {
        let Some(last) = self.last.replace(now.clone()) else {
            self.ends = [Some(now.clone()), Some(now)];
            return;
        };
        self.seconds.push(Sample::between(&last, &now, passed));
        if last.life != now.life {
            self.ends = [Some(now.clone()), Some(now.clone())];
        }
        let (time, looks) = &mut self.since;
        // The activity of the previous life is not counted, so its time is not counted either.
        *time = match last.life == now.life {
            true => *time + passed,
            false => Duration::ZERO,
        };
        *looks += 1;
        if *looks < COARSE {
            return;
        }
        let (time, _) = std::mem::take(&mut self.since);
        if let [_, Some(end)] = &self.ends {
            self.coarse.push(Sample::between(end, &now, time));
        }
        self.ends.rotate_left(1);
        self.ends[1] = Some(now);
    }

    /// Rates of the last second.
    pub(crate) fn rates(&self) -> Option<&Sample> {
        self.seconds.last()
    }

    /// The median and the 99th percentile of the last half minute to minute, in microseconds.
    pub(crate) fn quantiles(&self) -> (f32, f32) {
        match (&self.ends[0], &self.last) {
            (Some(before), Some(now)) => quantiles(&now.latency.since(&before.latency)),
            _ => (f32::NAN, f32::NAN),
        }
    }

    pub(crate) fn history(&self) -> [History; 2] {
        [
            History::of(1, &self.seconds),
            History::of(COARSE, &self.coarse),
        ]
    }
}

/// The samples of a ring, oldest first; `null` where a life ended, and for durations if no call was
/// timed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct History {
    /// Number of seconds of a sample.
    step_s: u64,
    /// Events with which its handlers were called, in one second.
    #[serde(rename = "in")]
    received: Vec<Option<f32>>,
    /// Events that it published, in one second.
    out: Vec<Option<f32>>,
    /// Failed calls, in one second.
    errors: Vec<Option<f32>>,
    /// Events that waited in its mailbox at the end of the period.
    queued: Vec<Option<f32>>,
    /// Processors that it kept busy.
    cpu: Vec<Option<f32>>,
    /// Bytes that it had allocated at the end of the period; `null` if no allocator counts them.
    memory: Vec<Option<f32>>,
    /// Median duration of its timed calls.
    p50_us: Vec<Option<f32>>,
    /// 99th percentile of these durations.
    p99_us: Vec<Option<f32>>,
}

/// A number, if it is known.
pub(crate) fn known(number: f32) -> Option<f32> {
    (!number.is_nan()).then_some(number)
}

impl History {
    fn of(step_s: u64, ring: &SampleRing) -> Self {
        let column = |of: fn(&Sample) -> f32| ring.iter().map(|sample| known(of(sample))).collect();
        Self {
            step_s,
            received: column(|sample| sample.received),
            out: column(|sample| sample.published),
            errors: column(|sample| sample.errors),
            queued: column(|sample| sample.queued),
            cpu: column(|sample| sample.cpu),
            memory: column(|sample| sample.memory),
            p50_us: column(|sample| sample.p50_us),
            p99_us: column(|sample| sample.p99_us),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn look(life: u64, received: u64) -> Look {
        Look {
            life,
            received,
            ..Look::default()
        }
    }

    fn seconds(series: &Series) -> Vec<Option<f32>> {
        let [seconds, _] = series.history();
        seconds.received
    }

    #[test]
    fn a_rate_is_of_one_life_and_never_negative() {
        let mut series = Series::new();
        for (life, received) in [(1, 100), (1, 150), (2, 3), (2, 13), (2, 5)] {
            series.take(look(life, received), SECOND);
        }
        let rates = [Some(50.0), None, Some(10.0), None];
        assert_eq!(seconds(&series), rates, "a new life is a new series");
        series.take(look(2, 10), SECOND / 2);
        assert_eq!(series.rates().unwrap().received, 10.0);
    }

    #[test]
    fn a_series_keeps_two_minutes_and_an_hour_in_a_fixed_size() {
        let mut series = Series::new();
        for second in 0..10_000 {
            series.take(look(1, second * 7), SECOND);
        }
        let [fine, coarse] = series.history();
        assert_eq!((fine.received.len(), coarse.received.len()), (KEPT, KEPT));
        let steady = |rates: &[Option<f32>]| rates.iter().all(|rate| *rate == Some(7.0));
        assert!(steady(&fine.received) && steady(&coarse.received));
        const { assert!(Series::BYTES < 9 * 1024) };
    }

    #[test]
    fn a_coarse_sample_does_not_reach_into_the_life_before() {
        let mut series = Series::new();
        for second in 0..=COARSE {
            let life = 1 + second / 20;
            series.take(look(life, second % 20), SECOND);
        }
        let [_, coarse] = series.history();
        assert_eq!(coarse.received.len(), 1);
        assert_eq!(coarse.received[0], Some(1.0));
    }
}
