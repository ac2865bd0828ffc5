//! A process that is killed at any moment, again and again: what it was told to be stored is
//! handled in the end, in order, and what is handled twice has one key.
//!
//! `CRASH_KILLS` says how often it is killed, `CRASH_SEED` when; `cargo xtask crash-test` sets
//! both.

mod child;
mod record;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use child::{DIRECTORY, LIFE};
use record::Record;

/// Kills in the short form.
const KILLS: u64 = 20;

/// Longest life of a process that is killed.
const LONGEST: u64 = 160;

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the seed that makes the same kills again, and what came of them"
)]
fn nothing_that_was_acknowledged_is_lost_by_kills() {
    let kills = number("CRASH_KILLS").unwrap_or(KILLS);
    let seed = number("CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("CRASH_SEED={seed} CRASH_KILLS={kills}");
    let directory = tempfile::tempdir().unwrap();
    let mut random = Random(seed | 1);
    let mut record = Record::default();
    for life in 0..kills {
        let until = Duration::from_millis(10 + random.next() % LONGEST);
        live(directory.path(), life, Some(until), &mut record);
    }
    live(directory.path(), kills, None, &mut record);
    record.check();
    println!("{}", record.summary());
}

/// One life of the child: killed after a while, or until it ends by itself.
fn live(directory: &Path, life: u64, until: Option<Duration>, record: &mut Record) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "durable::crash::child::life",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .env(LIFE, life.to_string())
        .env("CRASH_LAST", until.is_none().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let lines = stdout.split(b'\n').map(|line| line.unwrap());
        let mut lines: Vec<String> = lines
            .map(|line| String::from_utf8_lossy(&line).into_owned())
            .collect();
        // One that was being written when the process was killed says nothing.
        if !lines.last().is_some_and(|line| line.ends_with('.')) {
            lines.pop();
        }
        lines
    });
    if let Some(until) = until {
        wait(until);
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    record.life(&reader.join().unwrap());
    assert!(
        until.is_some() || status.success(),
        "the last life: {status}"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "a kill comes at a moment that no acknowledgement tells"
)]
pub(crate) fn wait(time: Duration) {
    std::thread::sleep(time);
}

pub(crate) fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// xorshift64 (Marsaglia, 2003).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
