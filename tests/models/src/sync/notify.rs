//! A stand-in for `tokio::sync::Notify`, with its contract: a permit that nobody waits for is kept,
//! one at most; `notify_waiters` reaches the futures that are there; a permit of a dropped future
//! goes to the next.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use loom::sync::Mutex;

#[derive(Debug)]
pub(crate) struct Notify(Mutex<NotifyState>);

#[derive(Debug, Default)]
struct NotifyState {
    permit: bool,
    /// How often `notify_waiters` was called.
    calls: usize,
    next: usize,
    waiters: Vec<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    id: usize,
    waker: Option<Waker>,
}

/// A future of a notification.
pub(crate) struct Notified<'a> {
    notify: &'a Notify,
    /// The calls of `notify_waiters` before it was made.
    calls: usize,
    /// Its place among those who wait, once it is one of them.
    id: Option<usize>,
    done: bool,
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

impl Notify {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(NotifyState::default()))
    }

    pub(crate) fn notify_one(&self) {
        let woken = {
            let mut state = self.0.lock().unwrap();
            if state.waiters.is_empty() {
                state.permit = true;
                return;
            }
            state.waiters.remove(0).waker
        };
        woken.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn notify_waiters(&self) {
        let woken = {
            let mut state = self.0.lock().unwrap();
            state.calls += 1;
            std::mem::take(&mut state.waiters)
        };
        let wakers = woken.into_iter().filter_map(|waiter| waiter.waker);
        wakers.for_each(Waker::wake);
    }

    pub(crate) fn notified(&self) -> Notified<'_> {
        Notified {
            notify: self,
            calls: self.0.lock().unwrap().calls,
            id: None,
            done: false,
        }
    }
}

impl Notified<'_> {
    /// Joins those who wait, without waiting.
    pub(crate) fn enable(mut self: Pin<&mut Self>) -> bool {
        self.advance(None).is_ready()
    }

    fn advance(&mut self, waker: Option<&Waker>) -> Poll<()> {
        let mut state = self.notify.0.lock().unwrap();
        let told = match self.id {
            // Whoever is told is taken out.
            Some(id) => match state.waiters.iter_mut().find(|waiter| waiter.id == id) {
                Some(waiter) => {
                    waiter.waker = waker.cloned();
                    false
                }
                None => true,
            },
            None => self.calls != state.calls || std::mem::take(&mut state.permit),
        };
        if !told && self.id.is_none() {
            state.next += 1;
            let id = state.next;
            state.waiters.push(Waiter {
                id,
                waker: waker.cloned(),
            });
            self.id = Some(id);
        }
        self.done = told;
        if told { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.done {
            return Poll::Ready(());
        }
        self.advance(Some(context.waker()))
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id.filter(|_| !self.done) else {
            return;
        };
        let forward = {
            let mut state = self.notify.0.lock().unwrap();
            let before = state.waiters.len();
            state.waiters.retain(|waiter| waiter.id != id);
            before == state.waiters.len() && state.calls == self.calls
        };
        if forward {
            self.notify.notify_one();
        }
    }
}
