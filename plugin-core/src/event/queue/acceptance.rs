//! The conditions under which the mailbox of a handler accepts an event.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::{AcquireError, Notify, OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::capacity::NoPermit;
use super::group::{KeyOf, Membership};
use crate::event::uplink::Uplink;

/// The conditions that are checked before an event goes to a handler's mailbox. Most handlers have
/// none.
#[derive(Default)]
pub(in crate::event) struct Acceptance {
    pub(in crate::event) key: Option<KeyOf>,
    pub(in crate::event) group: Option<Membership>,
    /// Present for a durable subscription, whose events are stored first.
    pub(in crate::event) store: Option<Arc<StoreGate>>,
    /// Present for the handler that represents the host, if this is the process of one instance.
    pub(in crate::event) uplink: Option<Arc<dyn Uplink>>,
    /// How many more events of this handler may wait, if it has its own limit.
    pub(in crate::event) quota: Option<Arc<Semaphore>>,
}

/// The part of its handler's quota that a waiting event uses; `None` if there is no quota.
pub(in crate::event) type Share = Option<OwnedSemaphorePermit>;

impl Acceptance {
    /// Whether an event needs only room in the mailbox. For a member of a group, the group checks
    /// this.
    pub(super) fn is_plain(&self) -> bool {
        (self.key.is_none() && self.store.is_none())
            && (self.uplink.is_none() && self.quota.is_none())
    }

    pub(in crate::event) fn is_durable(&self) -> bool {
        self.store.is_some()
    }

    /// The reason why the store of a durable subscription accepts nothing now.
    #[inline]
    pub(in crate::event) fn refusal(&self) -> Option<String> {
        self.store.as_ref()?.refusal()
    }

    /// Takes a share of the quota, if one is free.
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

    /// Waits for a share of the quota; returns an error when the plugin stops.
    pub(in crate::event) async fn share(&self) -> Result<Share, AcquireError> {
        match &self.quota {
            Some(quota) => Arc::clone(quota).acquire_owned().await.map(Some),
            None => Ok(None),
        }
    }
}

/// Whether the store of a durable subscription accepts events. The subscription sets it; publishers
/// read it.
#[derive(Default)]
pub(in crate::event) struct StoreGate {
    /// The error of the last attempt to store events.
    failure: ArcSwapOption<String>,
    /// The reason why no events are accepted, even if they could be stored.
    shut: ArcSwapOption<String>,
    /// Notified when something was stored or could not be stored, or when no more events are
    /// accepted.
    stepped: Notify,
}

impl StoreGate {
    /// The reason why no events are accepted now; `None` if they are.
    pub(in crate::event) fn refusal(&self) -> Option<String> {
        let why = |reason: &ArcSwapOption<String>| reason.load().as_deref().cloned();
        why(&self.shut).or_else(|| why(&self.failure))
    }

    /// Stops accepting events.
    pub(in crate::event) fn shut(&self, reason: &str) {
        self.shut.store(Some(Arc::new(reason.to_owned())));
        self.step();
    }

    /// Accepts events again, unless they could not be stored.
    pub(in crate::event) fn open(&self) {
        self.shut.store(None);
    }

    /// Records that events can't be stored; returns whether this is a change.
    pub(in crate::event) fn fail(&self, error: &dyn std::fmt::Display) -> bool {
        let before = self.failure.swap(Some(Arc::new(error.to_string())));
        self.step();
        before.is_none()
    }

    /// Records that events can probably be stored; returns whether this is a change.
    pub(in crate::event) fn recover(&self) -> bool {
        self.failure.swap(None).is_some()
    }

    /// Whether the last attempt to store events failed.
    pub(in crate::event) fn has_failed(&self) -> bool {
        self.failure.load().is_some()
    }

    /// Wakes those that wait for a change.
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
