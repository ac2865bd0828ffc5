//! Which providers stand behind which service.
//!
//! Invariants: a slot's providers are in order of priority, then of start; one owner has at most
//! one entry; the sole provider of a service is replaced, and removed only when it is unloaded
//! and nobody has a handle, so that handles always lead somewhere. What was replaced is dropped when the calls that began with it are over.

use std::any::Any;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Service, ServiceTrait, Services};
use crate::context::Identity;
use crate::guard;
use crate::rcu::{DEEPEST, Shared, ThreadRecord};

/// The providers of one service: all of an extension point, else the one of a label.
pub(crate) struct ServiceSlot<T: ?Sized> {
    providers: Shared<Vec<Arc<ProviderEntry<T>>>>,
}

/// One provider.
pub(crate) struct ProviderEntry<T: ?Sized> {
    pub(super) owner: Arc<Identity>,
    /// `None` only while it is dropped.
    provider: Option<Arc<T>>,
    priority: i32,
}

impl<T: ?Sized> ProviderEntry<T> {
    pub(super) fn provider(&self) -> &T {
        self.provider
            .as_deref()
            .expect("an entry has a provider until it is dropped")
    }
}

impl<T: ?Sized> Drop for ProviderEntry<T> {
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

impl<T: ?Sized> ServiceSlot<T> {
    fn new() -> Self {
        Self {
            providers: Shared::read_by(|record| &record.callers, Vec::new()),
        }
    }

    /// Looks at the providers of this moment.
    pub(super) fn providers<R>(&self, look: impl FnOnce(&[Arc<ProviderEntry<T>>]) -> R) -> R {
        let record = ThreadRecord::current();
        let reading = record.callers.enter();
        look(self.providers.read(record, &reading))
    }

    /// The first provider, to keep.
    pub(super) fn first(&self) -> Option<Arc<ProviderEntry<T>>> {
        self.providers(|providers| providers.first().cloned())
    }

    /// Calls the first provider. The reading keeps it alive, unless calls are nested so deep that
    /// the mark of this thread could run over.
    #[inline]
    pub(super) fn call<R>(&self, call: impl FnOnce(&T) -> R) -> Option<R> {
        let record = ThreadRecord::current();
        let reading = record.callers.enter();
        if reading.depth() >= DEEPEST {
            drop(reading);
            return self.first().map(|entry| call(entry.provider()));
        }
        let first = self.providers.read(record, &reading).first();
        first.map(|entry| call(entry.provider()))
    }

    /// Puts a provider in, in the place of the same owner's earlier one; whether nothing of what
    /// was replaced is in use any more.
    fn install(&self, entry: &Arc<ProviderEntry<T>>) -> bool {
        self.providers.replace(|current| {
            let mut next: Vec<_> = current
                .iter()
                .filter(|other| other.owner.name() != entry.owner.name())
                .cloned()
                .collect();
            next.push(Arc::clone(entry));
            next.sort_by_key(|entry| (Reverse(entry.priority), entry.owner.id()));
            next
        });
        self.let_go()
    }

    /// Drops what was replaced and is not in use; whether that was all.
    fn let_go(&self) -> bool {
        self.providers.reclaim(|_| ()).drop_up_to(u64::MAX)
    }
}

/// A slot of any type.
trait AnySlot: Any + Send + Sync {
    /// Takes an owner's entry out, unless it is the sole one.
    fn withdraw(&self, owner: usize) -> bool;

    /// Whether nobody but an owner provides.
    fn is_of(&self, owner: usize) -> bool;

    /// Drops what was replaced and is not in use; whether that was all.
    fn let_go(&self) -> bool;
}

impl<T: ServiceTrait + ?Sized> AnySlot for ServiceSlot<T> {
    fn withdraw(&self, owner: usize) -> bool {
        let is_of = |entry: &Arc<ProviderEntry<T>>| entry.owner.uid() == owner;
        if !T::DESCRIPTOR.many || !self.providers(|providers| providers.iter().any(is_of)) {
            return true;
        }
        self.providers.replace(|current| {
            let stay = current.iter().filter(|entry| !is_of(entry));
            stay.cloned().collect()
        });
        ServiceSlot::let_go(self)
    }

    fn is_of(&self, owner: usize) -> bool {
        self.providers(|providers| providers.iter().all(|entry| entry.owner.uid() == owner))
    }

    fn let_go(&self) -> bool {
        ServiceSlot::let_go(self)
    }
}

/// The key of a service, and the label of the instance that provides it: none of an extension point,
/// which all instances provide together.
type SlotKey = (u64, &'static str);

/// All slots.
#[derive(Default)]
pub(crate) struct Switchboard {
    slots: Mutex<HashMap<SlotKey, Arc<dyn AnySlot>>>,
    /// Whether something that was replaced may still be in use.
    unsettled: AtomicBool,
}

impl Switchboard {
    /// A handle of the one provider of that label; `None` while there is none.
    pub(crate) fn one<T: ServiceTrait + ?Sized>(&self, label: &'static str) -> Option<Service<T>> {
        let slot = self.slot::<T>(label);
        let is_provided = slot.providers(|providers| !providers.is_empty());
        is_provided.then(|| Service::new(slot))
    }

    /// Handles of all providers.
    pub(crate) fn all<T: ServiceTrait + ?Sized>(&self) -> Services<T> {
        Services::new(self.slot::<T>(""))
    }

    /// Takes out what an instance provides to extension points.
    pub(crate) fn withdraw(&self, owner: &Identity) {
        for slot in self.all_slots() {
            self.note(slot.withdraw(owner.uid()));
        }
    }

    /// Drops what an instance that has gone for good provides, unless somebody still has a handle of
    /// it: who can be without it may have one.
    pub(crate) fn forget(&self, owner: &Identity) {
        let mut forgotten = Vec::new();
        // No handle is made meanwhile: that takes the lock.
        self.lock().retain(|_, slot| {
            let stays = Arc::strong_count(slot) > 1 || !slot.is_of(owner.uid());
            if !stays {
                forgotten.push(Arc::clone(slot));
            }
            stays
        });
        // What they drop may be a plugin.
        drop(forgotten);
    }

    /// Drops what was replaced and is not in use any more; whether that was all.
    pub(crate) fn let_go(&self) -> bool {
        if self.unsettled.swap(false, Relaxed) {
            for slot in self.all_slots() {
                self.note(slot.let_go());
            }
        }
        !self.unsettled.load(Relaxed)
    }

    fn note(&self, settled: bool) {
        if !settled {
            self.unsettled.store(true, Relaxed);
        }
    }

    /// The slots, to work on without the lock: what they drop may be a plugin.
    fn all_slots(&self) -> Vec<Arc<dyn AnySlot>> {
        self.lock().values().cloned().collect()
    }

    fn slot<T: ServiceTrait + ?Sized>(&self, label: &'static str) -> Arc<ServiceSlot<T>> {
        let label = if T::DESCRIPTOR.many { "" } else { label };
        let key = (T::DESCRIPTOR.key, label);
        let mut slots = self.lock();
        let slot = slots
            .entry(key)
            .or_insert_with(|| Arc::new(ServiceSlot::<T>::new()));
        let slot = Arc::clone(slot);
        drop(slots);
        let slot: Arc<dyn Any + Send + Sync> = slot;
        slot.downcast()
            .expect("the key of a service is made of its path, so one key has one type")
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SlotKey, Arc<dyn AnySlot>>> {
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
        let entry = Arc::new(ProviderEntry {
            owner: Arc::clone(self.owner),
            provider: Some(provider),
            priority: self.priority,
        });
        let label = self.owner.id().label;
        let settled = self.switchboard.slot::<T>(label).install(&entry);
        self.switchboard.note(settled);
    }
}
