//! Lines: a cron expression, its timezone, a second since 1970 from which on it is asked, and a
//! period. Times come in order, the first one is the first, and a period is what it prints.

#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use plugin_core::config::Period;
use plugin_core::schedule::Cron;

/// Some day in 2026.
const SOME_TIME: u64 = 1_774_000_000;

/// The year 2200: who asks from then on has a clock that is wrong.
const LATEST: u64 = 7_258_118_400;

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (expression, zone, from) = (line(), line(), line());
    let from = from.parse().map_or(SOME_TIME, |from: u64| from % LATEST);
    match Cron::new(expression, if zone.is_empty() { "UTC" } else { zone }) {
        Ok(cron) => times(&cron, SystemTime::UNIX_EPOCH + Duration::from_secs(from)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(period) = line().parse::<Period>() {
        assert_eq!(period.to_string().parse(), Ok(period));
    }
});

fn times(cron: &Cron, mut at: SystemTime) {
    for _ in 0..4 {
        let Some(next) = cron.next(at) else { break };
        let pause = next.duration_since(at).expect("it comes later");
        assert!(!pause.is_zero(), "{cron}");
        // Whoever asks in between, or just before, is told the same.
        for part in [pause / 3, pause / 2, pause - Duration::from_nanos(1)] {
            assert_eq!(cron.next(at + part), Some(next), "{cron} from {at:?}");
        }
        let whole = next
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("it is after 1970");
        assert_eq!(whole.subsec_nanos(), 0, "{cron}");
        at = next;
    }
}
