//! A stand-in for `tokio::sync::Semaphore`, with its contract: permits go to those who wait in the
//! order in which they came; a dropped future and a dropped permit give theirs back; `close` ends
//! every wait.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use loom::sync::Mutex;

#[derive(Debug)]
pub(crate) struct Semaphore(Mutex<SemaphoreState>);

#[derive(Debug)]
struct SemaphoreState {
    permits: usize,
    closed: bool,
    next: usize,
    waiters: VecDeque<(usize, Waker)>,
    /// Waiters whose permit is theirs already.
    granted: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct TryAcquireError;

#[derive(Debug)]
pub(crate) struct AcquireError;

/// A permit, which is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct SemaphorePermit<'a>(&'a Semaphore);

struct Acquire<'a> {
    semaphore: &'a Semaphore,
    id: Option<usize>,
}

impl Semaphore {
    pub(crate) fn new(permits: usize) -> Self {
        Self(Mutex::new(SemaphoreState {
            permits,
            closed: false,
            next: 0,
            waiters: VecDeque::new(),
            granted: Vec::new(),
        }))
    }

    pub(crate) fn close(&self) {
        let waiters = {
            let mut state = self.0.lock().unwrap();
            state.closed = true;
            std::mem::take(&mut state.waiters)
        };
        waiters.into_iter().for_each(|(_, waker)| waker.wake());
    }

    pub(crate) fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let mut state = self.0.lock().unwrap();
        if state.closed {
            return Err(TryAcquireError);
        }
        state.permits = state.permits.checked_sub(1).ok_or(TryAcquireError)?;
        drop(state);
        Ok(SemaphorePermit(self))
    }

    pub(crate) async fn acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        let acquire = Acquire {
            semaphore: self,
            id: None,
        };
        acquire.await
    }

    pub(crate) fn add_permits(&self, permits: usize) {
        (0..permits).for_each(|_| self.give_back());
    }

    /// Gives a permit to the first who waits, or keeps it.
    fn give_back(&self) {
        let woken = {
            let mut state = self.0.lock().unwrap();
            match state.waiters.pop_front() {
                Some((id, waker)) => {
                    state.granted.push(id);
                    Some(waker)
                }
                None => {
                    state.permits += 1;
                    None
                }
            }
        };
        woken.into_iter().for_each(Waker::wake);
    }
}

impl SemaphoreState {
    /// Takes the permit that was given to a waiter.
    fn take(&mut self, id: usize) -> bool {
        let at = self.granted.iter().position(|granted| *granted == id);
        at.map(|at| self.granted.remove(at)).is_some()
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<SemaphorePermit<'a>, AcquireError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let semaphore = self.semaphore;
        let mut state = semaphore.0.lock().unwrap();
        if let Some(id) = self.id
            && state.take(id)
        {
            self.id = None;
            return Poll::Ready(Ok(SemaphorePermit(semaphore)));
        }
        if state.closed {
            return Poll::Ready(Err(AcquireError));
        }
        if self.id.is_none() && state.permits > 0 {
            state.permits -= 1;
            return Poll::Ready(Ok(SemaphorePermit(semaphore)));
        }
        let id = self.id.unwrap_or(state.next);
        state.next = state.next.max(id + 1);
        self.id = Some(id);
        let waker = context.waker().clone();
        match state.waiters.iter_mut().find(|(other, _)| *other == id) {
            Some((_, old)) => *old = waker,
            None => state.waiters.push_back((id, waker)),
        }
        Poll::Pending
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let granted = {
            let mut state = self.semaphore.0.lock().unwrap();
            state.waiters.retain(|(other, _)| *other != id);
            state.take(id)
        };
        if granted {
            self.semaphore.give_back();
        }
    }
}

impl SemaphorePermit<'_> {
    pub(crate) fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}
