//! A cron expression, its timezone in the next line, and a period in the third: times come in
//! order, and a period is what it prints.

#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use plugin_core::config::Period;
use plugin_core::schedule::Cron;

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let (expression, zone) = (lines.next().unwrap_or(""), lines.next().unwrap_or("UTC"));
    if let Ok(cron) = Cron::new(expression, zone) {
        let mut at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_774_000_000);
        for _ in 0..4 {
            let Some(next) = cron.next(at) else { break };
            assert!(next > at);
            at = next;
        }
    }
    if let Ok(period) = lines.next().unwrap_or("").parse::<Period>() {
        assert_eq!(period.to_string().parse(), Ok(period));
    }
});
