//! The resources that the process uses, according to the operating system. A value that the system
//! does not report is `None`; on a system other than Linux, these are nearly all values.

use std::fs;
use std::time::{Duration, SystemTime};

/// Number of clock ticks in a second in `/proc`, which is a constant of Linux for programs.
const TICKS: f64 = 100.0;

/// The values that can be limited, and that are read often.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ProcessUsage {
    pub(crate) cpu: Option<Duration>,
    /// Resident memory in bytes, with code, stacks and the memory that the allocator keeps.
    pub(crate) memory: Option<u64>,
    pub(crate) open_files: Option<u64>,
}

impl ProcessUsage {
    #[cfg(target_os = "linux")]
    pub(crate) fn now() -> Self {
        Self {
            cpu: clock(rustix::time::ClockId::ProcessCPUTime),
            memory: memory(MemoryKind::Resident),
            open_files: open_files(),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn now() -> Self {
        Self::default()
    }
}

/// The values that only metrics show. The [status](crate::lifecycle::ProcessStatus) of the process
/// has its processor time, memory and open files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ProcessFigures {
    /// Number of threads.
    pub threads: Option<u64>,
    /// Most file handles that may be open.
    pub max_files: Option<u64>,
    /// The time at which the process was started.
    pub started: Option<SystemTime>,
}

impl ProcessFigures {
    pub(crate) fn now() -> Self {
        let read = |name: &str| fs::read_to_string(format!("/proc/{name}")).unwrap_or_default();
        let stat = read("self/stat");
        // The name of the program is in parentheses, and may contain spaces and parentheses.
        let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
        let field = |at: usize| fields.split(' ').nth(at)?.parse::<u64>().ok();
        Self {
            threads: field(17),
            max_files: number(&read("self/limits"), "Max open files"),
            started: field(19).and_then(|after_boot| {
                let uptime: f64 = read("uptime").split(' ').next()?.parse().ok()?;
                let age = uptime - after_boot as f64 / TICKS;
                SystemTime::now().checked_sub(Duration::try_from_secs_f64(age).ok()?)
            }),
        }
    }
}

/// Processor time of this thread.
#[cfg(target_os = "linux")]
pub(crate) fn thread_cpu() -> Option<Duration> {
    clock(rustix::time::ClockId::ThreadCPUTime)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn thread_cpu() -> Option<Duration> {
    None
}

#[cfg(target_os = "linux")]
fn clock(id: rustix::time::ClockId) -> Option<Duration> {
    Duration::try_from(rustix::time::clock_gettime(id)).ok()
}

#[cfg(target_os = "linux")]
pub(crate) enum MemoryKind {
    /// Resident memory.
    Resident = 1,
    /// The memory that `RLIMIT_DATA` limits, resident or not.
    Data = 5,
}

/// Bytes of the process.
#[cfg(target_os = "linux")]
pub(crate) fn memory(kind: MemoryKind) -> Option<u64> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split_whitespace().nth(kind as usize)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

#[cfg(target_os = "linux")]
fn open_files() -> Option<u64> {
    let directory = "/proc/self/fd";
    match fs::metadata(directory).ok()?.len() {
        // Before Linux 6.2 the size is not the number of files. The handle that lists the directory
        // does not count.
        0 => Some(fs::read_dir(directory).ok()?.count() as u64 - 1),
        count => Some(count),
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
    fn the_operating_system_says_what_the_process_takes() {
        let before = ProcessUsage::now();
        let held = vec![1_u8; 32 << 20];
        let file = fs::File::open("/proc/self/stat").unwrap();
        let after = ProcessUsage::now();
        let grown = after.memory.unwrap() - before.memory.unwrap();
        assert!(grown >= 30 << 20, "{grown}");
        assert!(after.open_files.unwrap() > 3);
        assert!(after.cpu > before.cpu);
        drop((held, file));
    }

    #[test]
    fn the_system_tells_what_metrics_are_made_of() {
        let figures = ProcessFigures::now();
        let threads = figures.threads.unwrap();
        assert!(threads >= 2, "the harness has one of its own: {threads}");
        assert!(figures.max_files > ProcessUsage::now().open_files);
        let age = SystemTime::now().duration_since(figures.started.unwrap());
        assert!(age.unwrap() < Duration::from_secs(24 * 3600), "{figures:?}");
    }

    #[test]
    fn a_number_stands_behind_its_word() {
        let text = "VmRSS:\t  12 kB\nMax open files            1024                 4096 files\n";
        assert_eq!(number(text, "VmRSS:"), Some(12));
        assert_eq!(number(text, "Max open files"), Some(1024));
        assert_eq!(number("Max open files unlimited", "Max open files"), None);
    }
}
