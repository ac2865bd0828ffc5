//! What each instance takes of the machine: processor time, memory and open files, on an account
//! that lasts as long as the process.

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

/// Whether the operating system says how long a thread was on a processor. Without it the clock has
/// to do, which is wrong where a thread has to wait for a processor.
pub(crate) fn measures_cpu() -> bool {
    process::thread_cpu().is_some()
}

/// What one instance takes. It is kept for as long as the process runs, so that memory which an
/// instance did not give back before its end stays on its account.
#[derive(Debug)]
#[repr(align(128))]
pub struct Account {
    /// Bytes that were allocated and not freed; counted only by an allocator that does.
    memory: AtomicUsize,
    /// Nanoseconds. Of calls within calls, what was taken from a sample is taken off the outer ones,
    /// so it can fall for a moment.
    cpu: AtomicI64,
    /// The most that `cpu` was when somebody looked: what is shown never falls.
    shown: AtomicI64,
    /// Files that are open through a `Files`, and how many may be.
    open_files: AtomicUsize,
    file_limit: AtomicUsize,
    window: Mutex<Option<ShareWindow>>,
    bucket: Bucket,
    /// That of the whole, whose share holds too.
    whole: Option<&'static Account>,
}

/// The accounts of a system: one of the whole, and one of each instance by its name.
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

    /// That of an instance. One that had the name before it had the same.
    pub(crate) fn of(&self, name: &'static str) -> &'static Account {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        named
            .entry(name)
            .or_insert_with(|| Box::leak(Box::new(Account::new(Some(self.whole)))))
    }

    /// That of all instances together.
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

    /// That of code which is no plugin's.
    pub(crate) fn nobody() -> &'static Self {
        static NOBODY: Account = Account::new(None);
        &NOBODY
    }

    /// Notes that so many bytes were allocated. For an allocator that counts; it has to tell
    /// [`Account::freed`] the same number.
    #[inline]
    pub fn allocated(&self, bytes: usize) {
        self.memory.fetch_add(bytes, Relaxed);
    }

    /// Notes that so many bytes were freed.
    #[inline]
    pub fn freed(&self, bytes: usize) {
        self.memory.fetch_sub(bytes, Relaxed);
    }

    /// Bytes that were allocated and not freed.
    pub fn memory(&self) -> usize {
        self.memory.load(Relaxed)
    }

    /// Processor time so far.
    pub(crate) fn cpu(&self) -> Duration {
        let cpu = self.cpu.load(Relaxed).max(0);
        let shown = self.shown.fetch_max(cpu, Relaxed).max(cpu);
        Duration::from_nanos(shown.unsigned_abs())
    }

    /// Processors that it kept busy over the last window.
    pub(crate) fn cpu_share(&self) -> f64 {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.as_ref().map_or(0.0, ShareWindow::share)
    }

    /// Ends the window that [`Account::cpu_share`] is of, at which so much has been taken.
    pub(crate) fn end_window(&self, cpu: Duration) {
        let now = (Instant::now(), cpu);
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        *window = Some(ShareWindow::after(window.as_ref(), now));
    }

    /// Bills processor time, which may be negative: what was billed twice is taken off.
    #[inline]
    fn bill(&self, nanos: i64) {
        self.cpu.fetch_add(nanos, Relaxed);
        self.bucket.charge(nanos);
        if let Some(whole) = self.whole {
            whole.bucket.charge(nanos);
        }
    }
}
