//! The resources that each instance uses: processor time, memory and open files. They are recorded
//! in an account that exists as long as the process.

mod files;
mod meter;
mod share;
mod throttle;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(crate) use files::OpenFiles;
pub(crate) use meter::{CpuMeter, Metered, metered};
pub(crate) use throttle::Throttled;

use share::ShareWindow;
use throttle::Bucket;

use crate::process;

/// Whether the operating system reports the processor time of a thread. If not, the clock is used,
/// which is wrong when a thread has to wait for a processor.
pub(crate) fn measures_cpu() -> bool {
    process::thread_cpu().is_some()
}

/// The resources of one instance. The account is kept as long as the process runs, so that memory
/// that an instance did not free before its end stays in its account.
#[derive(Debug)]
#[repr(align(128))]
pub struct Account {
    /// Bytes that are allocated and not freed yet. They are counted only if the allocator counts.
    memory: AtomicUsize,
    /// Nanoseconds. When one call contains another, the estimate from a sample is subtracted from
    /// the outer call, so the value can fall temporarily.
    cpu: AtomicI64,
    /// The largest value of `cpu` that was returned, so that the visible value never falls.
    shown: AtomicI64,
    /// Number of files that are open through a `Files`, and their limit.
    open_files: AtomicUsize,
    file_limit: AtomicUsize,
    window: Mutex<Option<ShareWindow>>,
    bucket: Bucket,
    /// The account of the whole system, whose share applies as well.
    whole: Option<&'static Account>,
}

/// The accounts of a system: one for the whole system, and one for each instance, by name.
#[derive(Debug)]
pub(crate) struct Accounts {
    whole: &'static Account,
    named: Mutex<BTreeMap<&'static str, &'static Account>>,
}

impl Accounts {
    pub(crate) fn new() -> Self {
        Self {
            whole: Box::leak(Box::new(Account::new(None))),
            named: Mutex::default(),
        }
    }

    /// The account of an instance. An earlier instance with the same name had the same account.
    pub(crate) fn of(&self, name: &'static str) -> &'static Account {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        named
            .entry(name)
            .or_insert_with(|| Box::leak(Box::new(Account::new(Some(self.whole)))))
    }

    /// The account of all instances together.
    pub(crate) fn whole(&self) -> &'static Account {
        self.whole
    }
}

impl PartialEq for Account {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Account {}

impl Account {
    const fn new(whole: Option<&'static Self>) -> Self {
        Self {
            memory: AtomicUsize::new(0),
            cpu: AtomicI64::new(0),
            shown: AtomicI64::new(0),
            open_files: AtomicUsize::new(0),
            file_limit: AtomicUsize::new(usize::MAX),
            window: Mutex::new(None),
            bucket: Bucket::new(),
            whole,
        }
    }

    /// The account of code that belongs to no plugin.
    pub(crate) fn nobody() -> &'static Self {
        static NOBODY: Account = Account::new(None);
        &NOBODY
    }

    /// Records that bytes were allocated. It is called by an allocator that counts, which has to
    /// pass the same number to [`Account::freed`].
    #[inline]
    pub fn allocated(&self, bytes: usize) {
        self.memory.fetch_add(bytes, Relaxed);
    }

    /// Records that bytes were freed.
    #[inline]
    pub fn freed(&self, bytes: usize) {
        self.memory.fetch_sub(bytes, Relaxed);
    }

    /// Bytes that are allocated and not freed yet.
    pub fn memory(&self) -> usize {
        self.memory.load(Relaxed)
    }

    /// Processor time so far.
    pub(crate) fn cpu(&self) -> Duration {
        let cpu = self.cpu.load(Relaxed).max(0);
        let shown = self.shown.fetch_max(cpu, Relaxed).max(cpu);
        Duration::from_nanos(shown.unsigned_abs())
    }

    /// Number of processors that it kept busy during the last measuring period.
    pub(crate) fn cpu_share(&self) -> f64 {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.as_ref().map_or(0.0, ShareWindow::share)
    }

    /// Ends the measuring period of [`Account::cpu_share`]. `cpu` is the processor time at this
    /// moment.
    pub(crate) fn end_window(&self, cpu: Duration) {
        let now = (Instant::now(), cpu);
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        *window = Some(ShareWindow::after(window.as_ref(), now));
    }

    /// Bills processor time. It may be negative, to subtract time that was billed twice.
    #[inline]
    fn bill(&self, nanos: i64) {
        self.cpu.fetch_add(nanos, Relaxed);
        self.bucket.charge(nanos);
        if let Some(whole) = self.whole {
            whole.bucket.charge(nanos);
        }
    }
}
