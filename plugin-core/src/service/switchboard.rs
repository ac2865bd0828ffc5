//! Which providers stand behind which service.
//!
//! Invariants: a slot's providers are in order of priority, then of start; one owner has at most
//! one entry; the sole provider of a service is replaced, never removed, so that handles always
//! lead somewhere.

use std::any::Any;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};

use super::{Service, ServiceTrait, Services};
use crate::guard;
use crate::instance::Identity;

/// The providers of one service.
pub(crate) struct Slot<T: ?Sized> {
    providers: ArcSwap<Vec<Arc<Entry<T>>>>,
}

/// One provider.
pub(crate) struct Entry<T: ?Sized> {
    pub(super) owner: Arc<Identity>,
    /// `None` only while it is dropped.
    provider: Option<Arc<T>>,
    priority: i32,
}

impl<T: ?Sized> Entry<T> {
    pub(super) fn provider(&self) -> &T {
        self.provider
            .as_deref()
            .expect("an entry has a provider until it is dropped")
    }
}

impl<T: ?Sized> Drop for Entry<T> {
    /// It may be the last to hold the plugin: a panic in its `Drop` stays there.
    fn drop(&mut self) {
        let provider = self.provider.take();
        let dropped = guard::call(self.owner.current(), || {
            drop(provider);
            Ok(())
        });
        if let Err(error) = dropped {
            tracing::error!(plugin = self.owner.name(), "its `Drop` {error}");
        }
    }
}

impl<T: ?Sized> Slot<T> {
    pub(super) fn providers(&self) -> Guard<Arc<Vec<Arc<Entry<T>>>>> {
        self.providers.load()
    }

    /// Puts a provider in, in the place of the same owner's earlier one.
    fn install(&self, entry: &Arc<Entry<T>>) {
        self.providers.rcu(|current| {
            let mut next: Vec<_> = current
                .iter()
                .filter(|other| other.owner.name() != entry.owner.name())
                .cloned()
                .collect();
            next.push(Arc::clone(entry));
            next.sort_by_key(|entry| (Reverse(entry.priority), entry.owner.order()));
            next
        });
    }
}

/// Takes an owner's entry out of a slot of any type, unless it is the sole one.
trait AnySlot: Any + Send + Sync {
    fn withdraw(&self, owner: usize);
}

impl<T: ServiceTrait + ?Sized> AnySlot for Slot<T> {
    fn withdraw(&self, owner: usize) {
        if !T::DESCRIPTOR.many {
            return;
        }
        self.providers.rcu(|current| {
            current
                .iter()
                .filter(|entry| entry.owner.uid() != owner)
                .cloned()
                .collect::<Vec<_>>()
        });
    }
}

/// All slots, by the key of their service.
#[derive(Default)]
pub(crate) struct Switchboard {
    slots: Mutex<HashMap<u64, Arc<dyn AnySlot>>>,
}

impl Switchboard {
    /// A handle of the one provider; `None` while there is none.
    pub(crate) fn one<T: ServiceTrait + ?Sized>(&self) -> Option<Service<T>> {
        let slot = self.slot::<T>();
        let provided = !slot.providers().is_empty();
        provided.then(|| Service::new(slot))
    }

    /// Handles of all providers.
    pub(crate) fn all<T: ServiceTrait + ?Sized>(&self) -> Services<T> {
        Services::new(self.slot::<T>())
    }

    /// Takes out what an instance provides to extension points.
    pub(crate) fn withdraw(&self, owner: &Identity) {
        for slot in self.lock().values() {
            slot.withdraw(owner.uid());
        }
    }

    fn slot<T: ServiceTrait + ?Sized>(&self) -> Arc<Slot<T>> {
        let slot = Arc::clone(self.lock().entry(T::DESCRIPTOR.key).or_insert_with(|| {
            Arc::new(Slot::<T> {
                providers: ArcSwap::default(),
            })
        }));
        let slot: Arc<dyn Any + Send + Sync> = slot;
        slot.downcast()
            .expect("the key of a service is made of its path, so one key has one type")
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<dyn AnySlot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Switchboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switchboard")
            .field("services", &self.lock().len())
            .finish()
    }
}

/// Puts what a plugin provides behind the handles; `#[plugin]` writes the calls.
#[derive(Debug)]
pub struct Installer<'a> {
    pub(crate) switchboard: &'a Switchboard,
    pub(crate) owner: &'a Arc<Identity>,
    pub(crate) priority: i32,
}

impl Installer<'_> {
    /// Makes `provider` a provider of the service `T`.
    pub fn install<T: ServiceTrait + ?Sized>(&mut self, provider: Arc<T>) {
        self.switchboard.slot::<T>().install(&Arc::new(Entry {
            owner: Arc::clone(self.owner),
            provider: Some(provider),
            priority: self.priority,
        }));
    }
}
