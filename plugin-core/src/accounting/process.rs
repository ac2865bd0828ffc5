//! The resources that the whole process uses, according to the operating system.

use std::time::Duration;

/// The resources that the process uses. A value that the operating system does not report is
/// `None`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ProcessUsage {
    pub(crate) cpu: Option<Duration>,
    /// Resident memory in bytes, including code, stacks and what the allocator holds.
    pub(crate) memory: Option<u64>,
    pub(crate) open_files: Option<u64>,
}

/// Processor time of this thread.
#[cfg(target_os = "linux")]
pub(super) fn thread_cpu() -> Option<Duration> {
    clock(rustix::time::ClockId::ThreadCPUTime)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn thread_cpu() -> Option<Duration> {
    None
}

impl ProcessUsage {
    #[cfg(target_os = "linux")]
    pub(crate) fn now() -> Self {
        Self {
            cpu: clock(rustix::time::ClockId::ProcessCPUTime),
            memory: memory(),
            open_files: open_files(),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn now() -> Self {
        Self::default()
    }
}

#[cfg(target_os = "linux")]
fn clock(id: rustix::time::ClockId) -> Option<Duration> {
    Duration::try_from(rustix::time::clock_gettime(id)).ok()
}

#[cfg(target_os = "linux")]
fn memory() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let resident: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(resident * rustix::param::page_size() as u64)
}

#[cfg(target_os = "linux")]
fn open_files() -> Option<u64> {
    let directory = "/proc/self/fd";
    match std::fs::metadata(directory).ok()?.len() {
        // Before Linux 6.2, the system does not report the number of files. The handle that lists
        // them is not counted.
        0 => Some(std::fs::read_dir(directory).ok()?.count() as u64 - 1),
        count => Some(count),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_operating_system_says_what_the_process_takes() {
        let before = ProcessUsage::now();
        let held = vec![1_u8; 32 << 20];
        let file = std::fs::File::open("/proc/self/stat").unwrap();
        let after = ProcessUsage::now();
        let grown = after.memory.unwrap() - before.memory.unwrap();
        assert!(grown >= 30 << 20, "{grown}");
        assert!(after.open_files.unwrap() > 3);
        assert!(after.cpu > before.cpu);
        drop((held, file));
    }
}
