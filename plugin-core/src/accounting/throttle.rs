//! Limits the share of processor time by delays: if an instance has used more than its share, its
//! tasks are polled later, until its use corresponds to its share again.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Account;
use crate::boxed::BoxFuture;

/// How much processor time an instance may use in advance before it has to wait. Operating systems
/// do the same for groups of processes.
const PERIOD: Duration = Duration::from_millis(100);

/// The processor time that was used and is not covered by the share yet.
#[derive(Debug)]
pub(super) struct Bucket {
    /// The share as bits, in processors; zero if there is none.
    share: AtomicU64,
    /// The reference time of the times below.
    base: OnceLock<Instant>,
    /// The time at which everything that was used is covered, in nanoseconds.
    paid: AtomicU64,
    pauses: Mutex<Pauses>,
    /// Whether waiting is suspended for now.
    is_lifted: AtomicBool,
    /// Notified when the need to wait changes.
    changed: Notify,
}

/// How long tasks have waited according to the clock. Tasks that wait at the same time count once.
#[derive(Debug)]
struct Pauses {
    /// The beginning of the present pause, in nanoseconds.
    since: Option<u64>,
    /// The sum of the earlier pauses, in nanoseconds.
    ended: u64,
}

impl Bucket {
    pub(super) const fn new() -> Self {
        Self {
            share: AtomicU64::new(0),
            base: OnceLock::new(),
            paid: AtomicU64::new(0),
            pauses: Mutex::new(Pauses {
                since: None,
                ended: 0,
            }),
            is_lifted: AtomicBool::new(false),
            changed: Notify::const_new(),
        }
    }

    fn limit(&self, share: Option<f64>) {
        let is = share.unwrap_or_default();
        let was = f64::from_bits(self.share.swap(is.to_bits(), Relaxed));
        self.end_pause();
        // The time that is not covered yet is converted to the new share.
        let factor = if is > 0.0 { was / is } else { 0.0 };
        let now = self.now();
        let ahead = |paid: u64| (paid.saturating_sub(now) as f64 * factor) as u64;
        let anew = |paid| Some(now.saturating_add(ahead(paid)));
        // It is always some.
        let _before = self.paid.fetch_update(Relaxed, Relaxed, anew);
        self.changed.notify_waiters();
    }

    fn lift(&self, is_lifted: bool) {
        self.is_lifted.store(is_lifted, Relaxed);
        self.end_pause();
        self.changed.notify_waiters();
    }

    #[inline]
    fn is_limited(&self) -> bool {
        self.share.load(Relaxed) != 0
    }

    /// Records processor time, which may be negative.
    #[inline]
    pub(super) fn charge(&self, nanos: i64) {
        if self.is_limited() {
            self.pay_later(nanos);
        }
    }

    #[cold]
    fn pay_later(&self, nanos: i64) {
        let share = f64::from_bits(self.share.load(Relaxed));
        // A float that is too large becomes the largest integer.
        let cost = (nanos as f64 / share) as i64;
        let now = self.now();
        let later = |paid: u64| Some(paid.max(now).saturating_add_signed(cost).max(now));
        // The closure always returns `Some`.
        let _before = self.paid.fetch_update(Relaxed, Relaxed, later);
    }

    /// The time until which tasks have to wait, if they have to.
    fn due(&self) -> Option<Instant> {
        if !self.is_limited() || self.is_lifted.load(Relaxed) {
            return None;
        }
        let mut pauses = self.pauses();
        let (now, paid) = (self.now(), self.paid.load(Relaxed));
        let ahead = Duration::from_nanos(paid.saturating_sub(now));
        let allowed = match pauses.since {
            Some(_) => Duration::ZERO,
            None => PERIOD,
        };
        if ahead <= allowed {
            pauses.end(paid.min(now));
            return None;
        }
        pauses.since.get_or_insert(now);
        Some(self.base() + Duration::from_nanos(paid))
    }

    /// Ends the present pause. The waiting tasks check again whether they have to wait.
    fn end_pause(&self) {
        let (mut pauses, now) = (self.pauses(), self.now());
        pauses.end(self.paid.load(Relaxed).min(now));
    }

    /// How long tasks have waited so far.
    fn paused(&self) -> Duration {
        let (pauses, now) = (self.pauses(), self.now());
        Duration::from_nanos(pauses.until(self.paid.load(Relaxed).min(now)))
    }

    fn pauses(&self) -> MutexGuard<'_, Pauses> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        nanos(self.base().elapsed())
    }

    fn base(&self) -> Instant {
        *self.base.get_or_init(Instant::now)
    }
}

impl Pauses {
    fn end(&mut self, at: u64) {
        (self.ended, self.since) = (self.until(at), None);
    }

    fn until(&self, now: u64) -> u64 {
        let present = self.since.map_or(0, |since| now.saturating_sub(since));
        self.ended + present
    }
}

impl Account {
    /// Sets the share of the processors from now on.
    pub(crate) fn limit_cpu(&self, share: Option<f64>) {
        self.bucket.limit(share);
    }

    /// Sets whether tasks are polled without waiting. An instance that stops must not be late
    /// because of its share.
    pub(crate) fn lift_throttle(&self, is_lifted: bool) {
        self.bucket.lift(is_lifted);
    }

    /// How long its tasks have waited because of its own share.
    pub(crate) fn throttled(&self) -> Duration {
        self.bucket.paused()
    }
}

/// A future that waits, if waiting is needed now.
#[inline]
fn pause(account: &'static Account) -> Option<BoxFuture<'static, ()>> {
    let is_limited = |account: &Account| account.bucket.is_limited();
    if !is_limited(account) && !account.whole.is_some_and(is_limited) {
        return None;
    }
    wait(account)
}

#[cold]
fn wait(account: &'static Account) -> Option<BoxFuture<'static, ()>> {
    let whole = account.whole.unwrap_or(account);
    // From here on, no change is missed.
    let changed = [account, whole].map(|account| account.bucket.changed.notified());
    if account.bucket.is_lifted.load(Relaxed) {
        return None;
    }
    let due = account.bucket.due().max(whole.bucket.due())?;
    Some(Box::pin(async move {
        let [own, all] = changed;
        tokio::select! {
            () = sleep_until(due) => {}
            () = own => {}
            () = all => {}
        }
    }))
}

pin_project! {
    /// A future of an instance that is not polled while the instance has used more than its share.
    pub(crate) struct Throttled<F> {
        account: &'static Account,
        pause: Option<BoxFuture<'static, ()>>,
        #[pin]
        future: F,
    }
}

impl<F> Throttled<F> {
    pub(crate) fn new(account: &'static Account, future: F) -> Self {
        Self {
            account,
            pause: None,
            future,
        }
    }
}

impl<F: Future> Future for Throttled<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        loop {
            if let Some(wait) = this.pause {
                ready!(wait.as_mut().poll(context));
            }
            *this.pause = pause(this.account);
            if this.pause.is_none() {
                return this.future.poll(context);
            }
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: i64 = 1_000_000;

    /// An account with a share, which exists as long as the process.
    fn account(share: f64) -> &'static Account {
        let account = Box::leak(Box::new(Account::new(None)));
        account.limit_cpu(Some(share));
        account
    }

    /// Makes polls that take 10 ms each.
    async fn work(account: &'static Account, polls: u32) {
        let burn = async {
            for _ in 0..polls {
                account.bill(10 * MILLI);
                tokio::task::yield_now().await;
            }
        };
        Throttled::new(account, burn).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_more_than_its_share_waits_until_it_is_its_share() {
        let (account, began) = (account(0.1), Instant::now());
        work(account, 100).await;
        let (took, due) = (began.elapsed(), Duration::from_secs(10));
        assert!(took >= due - 2 * PERIOD && took <= due, "{took:?}");
        assert!(account.throttled() >= due - 2 * PERIOD);
    }

    #[tokio::test(start_paused = true)]
    async fn who_stays_within_its_share_never_waits() {
        let (account, began) = (account(0.5), Instant::now());
        for _ in 0..100 {
            work(account, 1).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(began.elapsed(), Duration::from_secs(2));
        assert_eq!(account.throttled(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_taken_is_not_saved_up() {
        let (account, began) = (account(0.1), Instant::now());
        tokio::time::sleep(Duration::from_secs(60)).await;
        work(account, 100).await;
        assert!(began.elapsed() >= Duration::from_secs(69));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lifted_limit_lets_go_of_who_waits() {
        let (account, began) = (account(0.01), Instant::now());
        let lift = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            account.lift_throttle(true);
        };
        tokio::join!(work(account, 100), lift);
        assert_eq!(began.elapsed(), Duration::from_secs(1));
    }

    /// It is what the clock shows, also while the wait goes on and when it ends early, for one task and
    /// for many.
    #[tokio::test(start_paused = true)]
    async fn report_13_no_more_is_booked_as_waited_than_the_time_that_went_by() {
        let (account, began) = (account(0.01), Instant::now());
        let tasks = async { tokio::join!(work(account, 50), work(account, 50)) };
        let look = async {
            for second in 1..=9 {
                tokio::time::sleep_until(began + Duration::from_secs(second)).await;
                let waited = account.throttled();
                let most = Duration::from_secs(second);
                assert!(
                    waited <= most && waited >= most - PERIOD,
                    "{waited:?} of {most:?}"
                );
            }
            account.lift_throttle(true);
        };
        tokio::join!(tasks, look);
        tokio::time::sleep(Duration::from_secs(9)).await;
        let waited = account.throttled();
        assert!(waited <= Duration::from_secs(9), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn report_13_what_is_not_paid_for_costs_less_with_a_larger_share() {
        let (account, began) = (account(0.01), Instant::now());
        account.bill(1_000 * MILLI);
        let raise = async {
            tokio::time::sleep(Duration::from_secs(50)).await;
            account.limit_cpu(Some(0.1));
        };
        tokio::join!(work(account, 1), raise);
        let took = began.elapsed();
        assert_eq!(took.as_secs(), 55, "half a second at a tenth: {took:?}");
        assert_eq!(account.throttled().as_secs(), 55);
    }

    #[tokio::test(start_paused = true)]
    async fn the_share_of_the_whole_holds_for_each() {
        let whole = account(0.1);
        let part = || &*Box::leak(Box::new(Account::new(Some(whole))));
        let began = Instant::now();
        tokio::join!(work(part(), 50), work(part(), 50));
        assert!(began.elapsed() >= Duration::from_secs(9));
    }
}
