//! Measures the processor time of plugin code, by the clock before and after each poll.
//!
//! A short poll has the processor all the time, so the clock is right. During a long poll, the
//! thread may have been off the processor or asleep. Therefore the operating system is asked for
//! the processor time of the thread, which takes half a microsecond.
//!
//! Calls can contain other calls: an inline handler runs within the poll of its publisher. The time
//! that is billed for the inner call is subtracted from the outer one, so that the sum of all is
//! the time of the outermost call.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;

use super::Account;
use crate::process;

/// A poll that takes at least this many nanoseconds may have been off the processor.
const LONG: i64 = 100_000;
/// How long the thread's own estimate is used.
const STALE: Duration = Duration::from_millis(10);

/// The processor time of a thread, in nanoseconds.
struct Thread {
    /// Billed on this thread, to any account.
    billed: Cell<i64>,
    /// Measured on this thread; a sample counts once.
    measured: Cell<i64>,
    /// The thread's processor time from the last query, plus the time measured since then.
    processor: Cell<i64>,
    /// The time of the last query.
    asked: Cell<Option<Instant>>,
}

thread_local! {
    static THREAD: Thread = const {
        Thread {
            billed: Cell::new(0),
            measured: Cell::new(0),
            processor: Cell::new(0),
            asked: Cell::new(None),
        }
    };
}

/// A measurement in progress.
pub(crate) struct CpuMeter {
    began: Instant,
    billed: i64,
    measured: i64,
    processor: i64,
}

impl CpuMeter {
    #[inline]
    pub(crate) fn begin() -> Self {
        THREAD.with(|thread| {
            let mut began = Instant::now();
            let is_stale = |asked| began - asked >= STALE;
            if thread.asked.get().is_none_or(is_stale) {
                thread.ask(began);
                began = Instant::now();
            }
            thread.meter(began)
        })
    }

    /// The same for a sample in the middle of a poll, so the system is not queried first.
    #[inline]
    pub(crate) fn sample() -> Self {
        THREAD.with(|thread| thread.meter(Instant::now()))
    }

    /// Bills the measured time, multiplied by `weight` because a sample stands for several calls.
    /// Returns how long it took by the clock.
    #[inline(always)]
    pub(crate) fn end(self, account: &Account, weight: u64) -> Duration {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.began);
        THREAD.with(|thread| {
            let spent = thread.spent(&self, now, took);
            let billed = thread.billed.get();
            // Within a sample, the time of an inner sample is subtracted as measured, because both
            // stand for the same number of calls.
            let (own, after) = if weight == 1 {
                (spent - (billed - self.billed), self.billed + spent)
            } else {
                let own = spent - (thread.measured.get() - self.measured);
                let own = own.wrapping_mul(weight.cast_signed());
                (own, billed + own)
            };
            thread.billed.set(after);
            thread.measured.set(self.measured + spent);
            account.bill(own);
        });
        took
    }
}

impl Thread {
    #[inline]
    fn meter(&self, began: Instant) -> CpuMeter {
        CpuMeter {
            began,
            billed: self.billed.get(),
            measured: self.measured.get(),
            processor: self.processor.get(),
        }
    }

    /// The processor time of a measurement that ends now.
    #[inline]
    fn spent(&self, meter: &CpuMeter, now: Instant, took: Duration) -> i64 {
        let took_nanos = nanos(took);
        if took_nanos >= LONG && self.ask(now) {
            return took_nanos.min(self.processor.get() - meter.processor);
        }
        self.processor.set(meter.processor + took_nanos);
        took_nanos
    }

    /// Queries the thread's processor time; `false` if the operating system does not report it.
    #[cold]
    fn ask(&self, now: Instant) -> bool {
        self.asked.set(Some(now));
        let processor = process::thread_cpu().map(nanos);
        self.processor.set(processor.unwrap_or_default());
        processor.is_some()
    }
}

/// Converts to nanoseconds. The result covers some hundred years, so no wider type is needed.
#[inline]
fn nanos(duration: Duration) -> i64 {
    duration.as_secs().cast_signed() * 1_000_000_000 + i64::from(duration.subsec_nanos())
}

/// Calls code of an instance and bills the instance for it.
pub(crate) fn metered<T>(account: &Account, code: impl FnOnce() -> T) -> T {
    struct Bill<'a>(Option<CpuMeter>, &'a Account);
    impl Drop for Bill<'_> {
        fn drop(&mut self) {
            if let Some(meter) = self.0.take() {
                meter.end(self.1, 1);
            }
        }
    }
    let _bill = Bill(Some(CpuMeter::begin()), account);
    code()
}

pin_project! {
    /// A future of an instance; each poll is billed.
    pub(crate) struct Metered<F> {
        account: &'static Account,
        #[pin]
        future: F,
    }
}

impl<F> Metered<F> {
    pub(crate) fn new(account: &'static Account, future: F) -> Self {
        Self { account, future }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        metered(this.account, || this.future.poll(context))
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    const WORK: Duration = Duration::from_millis(20);

    fn account() -> &'static Account {
        Box::leak(Box::new(Account::new(None)))
    }

    fn thread_cpu() -> Duration {
        process::thread_cpu().unwrap()
    }

    /// Keeps a processor busy, and returns for how long.
    fn work() -> Duration {
        let began = thread_cpu();
        while thread_cpu() < began + WORK {}
        thread_cpu() - began
    }

    /// Asserts that the billed time is the time worked, within the accuracy of the measurement.
    #[track_caller]
    fn assert_billed(account: &Account, worked: Duration) {
        let billed = account.cpu();
        assert!(
            billed.abs_diff(worked) < WORK / 10,
            "{billed:?} for {worked:?}"
        );
    }

    #[test]
    fn what_is_worked_is_billed_and_waiting_is_not() {
        let account = account();
        let (done, wait) = mpsc::channel::<()>();
        let other = thread::spawn(move || {
            work();
            drop(done);
        });
        let worked = metered(account, || {
            // Waits until the other thread is done.
            wait.recv().unwrap_err();
            work()
        });
        other.join().unwrap();
        assert_billed(account, worked);
    }

    #[test]
    fn a_call_within_a_call_is_billed_to_whom_it_is_of() {
        let (outer, inner) = (account(), account());
        let (own, within) = metered(outer, || {
            let own = work();
            let within = metered(inner, || work() + work());
            (own + work(), within)
        });
        assert_billed(outer, own);
        assert_billed(inner, within);
    }

    #[test]
    fn a_sample_stands_for_the_calls_that_are_not_measured() {
        let (outer, inner) = (account(), account());
        let (all, measured) = metered(outer, || {
            let own = work();
            let sample = CpuMeter::begin();
            let measured = work();
            sample.end(inner, 3);
            // The time that is not measured.
            (own + measured + work() + work(), measured)
        });
        assert_billed(inner, 3 * measured);
        assert_billed(outer, all - 3 * measured);
    }

    #[test]
    fn a_sample_within_a_sample_is_taken_off_once() {
        let (outer, inner) = (account(), account());
        let sample = CpuMeter::begin();
        let own = work();
        let within = CpuMeter::begin();
        let nested = work();
        within.end(inner, 4);
        sample.end(outer, 4);
        assert_billed(outer, 4 * own);
        assert_billed(inner, 4 * nested);
    }

    #[test]
    fn code_that_panics_is_billed_all_the_same() {
        let account = account();
        let panics =
            move || -> () { metered(account, || std::panic::resume_unwind(Box::new(work()))) };
        let worked = thread::spawn(panics).join().unwrap_err();
        assert_billed(account, *worked.downcast().unwrap());
    }
}
