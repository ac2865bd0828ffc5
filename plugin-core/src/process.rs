//! The resources that the process uses, according to the system.

use std::fs;
use std::time::{Duration, SystemTime};

/// Number of clock ticks in a second in `/proc`, which is a constant of Linux for programs.
const TICKS: f64 = 100.0;

/// The resources that the process uses. A value that the system does not report is `None`; without
/// `/proc`, these are all values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct ProcessFigures {
    /// Used processor time.
    pub cpu: Option<Duration>,
    /// Resident memory in bytes.
    pub resident_bytes: Option<u64>,
    /// Number of threads.
    pub threads: Option<u64>,
    /// Number of open file handles.
    pub open_files: Option<u64>,
    /// Most file handles that may be open.
    pub max_files: Option<u64>,
    /// The time at which the process was started.
    pub started: Option<SystemTime>,
}

/// The resources that this process uses now.
#[must_use]
pub fn usage() -> ProcessFigures {
    let read = |name: &str| fs::read_to_string(format!("/proc/{name}")).unwrap_or_default();
    let (status, stat) = (read("self/status"), read("self/stat"));
    // The name of the program is in parentheses, and may contain spaces and parentheses.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = |at: usize| fields.get(at)?.parse().ok().map(|ticks: f64| ticks / TICKS);
    let cpu = ticks(11).zip(ticks(12)).map(|(user, system)| user + system);
    let files = fs::read_dir("/proc/self/fd").ok();
    ProcessFigures {
        cpu: cpu.map(Duration::from_secs_f64),
        resident_bytes: number(&status, "VmRSS:").map(|kilobytes| kilobytes * 1024),
        threads: number(&status, "Threads:"),
        // One of them is used to read the directory.
        open_files: files.map(|files| (files.count() as u64).saturating_sub(1)),
        max_files: number(&read("self/limits"), "Max open files"),
        started: ticks(19).and_then(|after_boot| {
            let uptime: f64 = read("uptime").split(' ').next()?.parse().ok()?;
            let age = Duration::try_from_secs_f64(uptime - after_boot).ok()?;
            SystemTime::now().checked_sub(age)
        }),
    }
}

/// The number after a word at the beginning of a line.
fn number(text: &str, word: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_what_the_process_takes() {
        let usage = usage();
        assert!(usage.cpu.is_some());
        assert!(usage.resident_bytes.unwrap() > 100_000, "{usage:?}");
        assert!(
            usage.threads.unwrap() >= 2,
            "the harness has one of its own"
        );
        assert!(usage.open_files.unwrap() >= 3 && usage.max_files > usage.open_files);
        let age = SystemTime::now().duration_since(usage.started.unwrap());
        assert!(age.unwrap() < Duration::from_secs(24 * 3600), "{usage:?}");
    }

    #[test]
    fn a_number_stands_behind_its_word() {
        let text = "VmRSS:\t  12 kB\nMax open files            1024                 4096 files\n";
        assert_eq!(number(text, "VmRSS:"), Some(12));
        assert_eq!(number(text, "Max open files"), Some(1024));
        assert_eq!(number("Max open files unlimited", "Max open files"), None);
    }
}
