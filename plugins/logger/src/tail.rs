//! The last lines, kept in memory for readers.
//!
//! Invariant: the number of lines and of bytes is limited; the oldest lines are removed first.
//! Lines are numbered from 1, without gaps.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use plugin_contracts::LogLine;
use plugin_core::Timestamp;
use tokio::sync::watch;

use crate::line::Line;

/// Most lines.
const MOST: usize = 2_000;

/// Most bytes of text in them.
const MOST_BYTES: usize = 1 << 20;

/// The last lines.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    kept: Mutex<Kept>,
    /// The number of the last line.
    last: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    bytes: usize,
    last: u64,
}

impl Tail {
    /// Adds a line.
    pub(crate) fn push(&self, line: &Line<'_>) {
        let mut kept = self.kept();
        kept.last += 1;
        let line = LogLine {
            number: kept.last,
            at: Timestamp::now(),
            level: word(line.level),
            target: line.target.to_owned(),
            plugin: line.plugin.map(str::to_owned),
            message: line.fields.message.clone(),
            fields: line.fields.to_json(),
        };
        kept.bytes += size(&line);
        kept.lines.push_back(line);
        while kept.lines.len() > MOST || kept.bytes > MOST_BYTES {
            let Some(oldest) = kept.lines.pop_front() else {
                break;
            };
            kept.bytes -= size(&oldest);
        }
        self.last.send_replace(kept.last);
    }

    /// Lines after a number, oldest first.
    pub(crate) fn after(&self, number: u64, most: usize) -> Vec<LogLine> {
        let kept = self.kept();
        let first = kept.last + 1 - kept.lines.len() as u64;
        let from = (number + 1).saturating_sub(first);
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        kept.lines.iter().skip(from).take(most).cloned().collect()
    }

    /// The number of the last line.
    pub(crate) fn last(&self) -> u64 {
        self.kept().last
    }

    /// Waits until there is a line after a number.
    pub(crate) async fn grown(&self, number: u64) {
        let mut last = self.last.subscribe();
        // It can't fail, because the sender exists.
        let _last = last.wait_for(|last| *last > number).await;
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn word(level: tracing::Level) -> &'static str {
    match level {
        tracing::Level::ERROR => "error",
        tracing::Level::WARN => "warn",
        tracing::Level::INFO => "info",
        tracing::Level::DEBUG => "debug",
        tracing::Level::TRACE => "trace",
    }
}

/// The approximate size of a line in bytes.
fn size(line: &LogLine) -> usize {
    let fields = line.fields.iter();
    let fields = fields.map(|(name, value)| name.len() + value.as_str().map_or(16, str::len) + 64);
    let plugin = line.plugin.as_ref().map_or(0, String::len);
    size_of::<LogLine>() + line.target.len() + plugin + line.message.len() + fields.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Fields;

    fn push(tail: &Tail, message: &str) {
        let mut fields = Fields::new(usize::MAX);
        fields.message = message.to_owned();
        tail.push(&Line {
            level: tracing::Level::WARN,
            plugin: Some("hello-plugin"),
            event: None,
            trace: None,
            span: None,
            target: "test",
            fields: &fields,
            spans: &[],
        });
    }

    #[test]
    fn the_last_lines_are_kept_and_bounded_in_number_and_bytes() {
        let tail = Tail::default();
        assert_eq!((tail.last(), tail.after(0, 10).len()), (0, 0));
        for number in 1..=3000 {
            push(&tail, &number.to_string());
        }
        let lines = tail.after(0, usize::MAX);
        assert_eq!(
            (lines.len(), lines[0].number, tail.last()),
            (MOST, 1001, 3000)
        );
        let lines = tail.after(2990, 2);
        assert_eq!((&*lines[0].message, &*lines[1].message), ("2991", "2992"));
        assert_eq!(tail.after(3000, 10).len(), 0);
        push(&tail, &"x".repeat(MOST_BYTES - 1000));
        assert!(tail.after(0, usize::MAX).len() < 10);
        push(&tail, &"x".repeat(MOST_BYTES * 2));
        assert_eq!(tail.after(0, usize::MAX).len(), 0, "it has no room at all");
        push(&tail, "y");
        assert_eq!(tail.after(0, usize::MAX)[0].number, 3003);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_told_of_the_next_line() {
        let tail = Tail::default();
        push(&tail, "one");
        tail.grown(0).await;
        let (_, ()) = tokio::join!(tail.grown(1), async { push(&tail, "two") });
    }
}
