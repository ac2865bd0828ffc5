//! Processor time of plugin code: the clock before and after each poll.
//!
//! A short poll has the processor all the time, so that the clock is right. A long one may have
//! been off the processor, or asleep: it is asked of the operating system how long the thread was
//! on it, which takes half a microsecond.
//!
//! Calls within calls: an inline handler runs in the poll of its publisher. What is billed for it is
//! taken off the outer one, so that the sum of all is the time of the outermost.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;

use super::Account;
use crate::process;

/// What takes so many nanoseconds may have been off the processor.
const LONG: i64 = 100_000;
/// How long the thread's own estimate is trusted.
const STALE: Duration = Duration::from_millis(10);

/// What a thread knows of its own processor time, in nanoseconds.
struct Thread {
    /// Billed on this thread, to whomever it was.
    billed: Cell<i64>,
    /// Measured on this thread: a sample counts once.
    measured: Cell<i64>,
    /// Its processor time as it was last asked for, and what was measured since then.
    processor: Cell<i64>,
    /// When it was last asked for.
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

/// A measurement under way.
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

    /// The same for a sample, which is taken in the midst of a poll: nothing is asked first.
    #[inline]
    pub(crate) fn sample() -> Self {
        THREAD.with(|thread| thread.meter(Instant::now()))
    }

    /// Bills what was measured, `weight` times: a sample stands for so many calls. Returns how long
    /// it took by the clock.
    #[inline(always)]
    pub(crate) fn end(self, account: &Account, weight: u64) -> Duration {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.began);
        THREAD.with(|thread| {
            let spent = thread.spent(&self, now, took);
            let billed = thread.billed.get();
            // Of a sample, what was sampled within it is taken off as it was measured: both stand
            // for as many calls.
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

    /// Processor time of a measurement that ends now.
    #[inline]
    fn spent(&self, meter: &CpuMeter, now: Instant, took: Duration) -> i64 {
        let took_nanos = nanos(took);
        if took_nanos >= LONG && self.ask(now) {
            return took_nanos.min(self.processor.get() - meter.processor);
        }
        self.processor.set(meter.processor + took_nanos);
        took_nanos
    }

    /// Asks for the thread's processor time; `false` if the operating system does not say.
    #[cold]
    fn ask(&self, now: Instant) -> bool {
        self.asked.set(Some(now));
        let processor = process::thread_cpu().map(nanos);
        self.processor.set(processor.unwrap_or_default());
        processor.is_some()
    }
}

/// Some hundred years, and no wider numbers than that needs.
#[inline]
fn nanos(duration: Duration) -> i64 {
    duration.as_secs().cast_signed() * 1_000_000_000 + i64::from(duration.subsec_nanos())
}

/// Calls code of an instance and bills it for that.
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
    /// A future of an instance: each poll is billed.
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

    /// Keeps a processor busy, and says for how long it was.
    fn work() -> Duration {
        let began = thread_cpu();
        while thread_cpu() < began + WORK {}
        thread_cpu() - began
    }

    /// Whether it is what was worked, but for what it takes to measure.
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
            // Until the other thread is done.
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
            // Those that are not measured.
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
