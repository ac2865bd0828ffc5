//! What decides whether, and how, the mailbox of a handler accepts an event.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::{AcquireError, Notify, OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::capacity::NoPermit;
use super::group::{KeyOf, Membership};
use crate::event::uplink::Uplink;

/// What is asked of a handler before an event goes to its mailbox. Most handlers have none of it.
#[derive(Default)]
pub(in crate::event) struct Acceptance {
    pub(in crate::event) key: Option<KeyOf>,
    pub(in crate::event) group: Option<Membership>,
    /// Of a durable subscription, whose events go to a store first.
    pub(in crate::event) store: Option<Arc<StoreGate>>,
    /// Of the handler that stands for the host, where this is a process of one instance.
    pub(in crate::event) uplink: Option<Arc<dyn Uplink>>,
    /// How many more of its events may wait, where that is bounded for it alone.
    pub(in crate::event) quota: Option<Arc<Semaphore>>,
}

/// What an event takes of its handler's quota while it waits; nothing where there is none.
pub(in crate::event) type Share = Option<OwnedSemaphorePermit>;

impl Acceptance {
    /// Whether an event needs nothing but room in the mailbox. A member of a group is asked by its
    /// group.
    pub(super) fn is_plain(&self) -> bool {
        (self.key.is_none() && self.store.is_none())
            && (self.uplink.is_none() && self.quota.is_none())
    }

    pub(in crate::event) fn is_durable(&self) -> bool {
        self.store.is_some()
    }

    /// Why the store of a durable subscription takes nothing now.
    #[inline]
    pub(in crate::event) fn refusal(&self) -> Option<String> {
        self.store.as_ref()?.refusal()
    }

    /// Takes a share of the quota, if that needs no waiting.
    #[inline]
    pub(in crate::event) fn try_share(&self) -> Result<Share, NoPermit> {
        let Some(quota) = &self.quota else {
            return Ok(None);
        };
        match Arc::clone(quota).try_acquire_owned() {
            Ok(share) => Ok(Some(share)),
            Err(TryAcquireError::NoPermits) => Err(NoPermit::Full),
            Err(TryAcquireError::Closed) => Err(NoPermit::Closed),
        }
    }

    /// Waits for a share of the quota; an error once the plugin stops.
    pub(in crate::event) async fn share(&self) -> Result<Share, AcquireError> {
        match &self.quota {
            Some(quota) => Arc::clone(quota).acquire_owned().await.map(Some),
            None => Ok(None),
        }
    }
}

/// Whether the store of a durable subscription takes events: the subscription says so, publishers
/// look.
#[derive(Default)]
pub(in crate::event) struct StoreGate {
    /// Why the last attempt to store events failed.
    failure: ArcSwapOption<String>,
    /// Why no events are accepted, whether or not they could be stored.
    shut: ArcSwapOption<String>,
    /// Told when something was stored or could not be, or nothing more is accepted.
    stepped: Notify,
}

impl StoreGate {
    /// Why no events are accepted now, if they aren't.
    pub(in crate::event) fn refusal(&self) -> Option<String> {
        let why = |reason: &ArcSwapOption<String>| reason.load().as_deref().cloned();
        why(&self.shut).or_else(|| why(&self.failure))
    }

    /// Accepts nothing more.
    pub(in crate::event) fn shut(&self, reason: &str) {
        self.shut.store(Some(Arc::new(reason.to_owned())));
        self.step();
    }

    /// Accepts events again, unless they could not be stored.
    pub(in crate::event) fn open(&self) {
        self.shut.store(None);
    }

    /// Events can't be stored; says whether that is news.
    pub(in crate::event) fn fail(&self, error: &dyn std::fmt::Display) -> bool {
        let before = self.failure.swap(Some(Arc::new(error.to_string())));
        self.step();
        before.is_none()
    }

    /// Events can be stored, as far as is known; says whether that is news.
    pub(in crate::event) fn recover(&self) -> bool {
        self.failure.swap(None).is_some()
    }

    /// Whether the last attempt to store events failed.
    pub(in crate::event) fn has_failed(&self) -> bool {
        self.failure.load().is_some()
    }

    /// Lets those look who wait for a step.
    pub(in crate::event) fn step(&self) {
        self.stepped.notify_waiters();
    }

    /// Waits until no events are accepted.
    pub(in crate::event) async fn refuses(&self) {
        self.steps_until(|| self.refusal().is_some()).await;
    }

    pub(in crate::event) async fn steps_until(&self, done: impl Fn() -> bool) {
        loop {
            let stepped = self.stepped.notified();
            tokio::pin!(stepped);
            stepped.as_mut().enable();
            if done() {
                return;
            }
            stepped.await;
        }
    }
}
