//! Connects services with their providers.
//!
//! Invariants: the providers of a slot are ordered by priority, then by start; an owner has at most
//! one entry; the only provider of a service is replaced, and is removed only when it is unloaded
//! and no handle of it exists, so that handles always have a provider. A replaced provider is
//! dropped when the calls that began with it are complete.

use std::any::Any;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{Service, ServiceTrait, Services};
use crate::context::Identity;
use crate::guard;
use crate::rcu::{DEEPEST, Shared, ThreadRecord};

/// The providers of one service: all providers of an extension point, otherwise the provider with
/// one label.
pub(crate) struct ServiceSlot<T: ?Sized> {
    providers: Shared<Vec<Arc<ProviderEntry<T>>>>,
}

/// One provider.
pub(crate) struct ProviderEntry<T: ?Sized> {
    pub(super) owner: Arc<Identity>,
    /// `None` only while it is being dropped.
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
    /// This may be the last reference to the plugin, so a panic in its `Drop` is caught.
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

    /// Calls `look` with the present providers.
    pub(super) fn providers<R>(&self, look: impl FnOnce(&[Arc<ProviderEntry<T>>]) -> R) -> R {
        let record = ThreadRecord::current();
        let reading = record.callers.enter();
        look(self.providers.read(record, &reading))
    }

    /// The first provider, to keep.
    pub(super) fn first(&self) -> Option<Arc<ProviderEntry<T>>> {
        self.providers(|providers| providers.first().cloned())
    }

    /// Calls the first provider. The reading keeps it alive, unless calls are nested so deeply that
    /// the mark of this thread could overflow.
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

    /// Adds a provider, which replaces an earlier one of the same owner. Returns the replaced one,
    /// and whether no replaced provider is in use any more.
    fn install(&self, entry: &Arc<ProviderEntry<T>>) -> (Option<Weak<ProviderEntry<T>>>, bool) {
        let mut before = None;
        self.providers.replace(|current| {
            let (replaced, mut next): (Vec<_>, Vec<_>) = (current.iter().cloned())
                .partition(|other| other.owner.name() == entry.owner.name());
            before = replaced.first().map(Arc::downgrade);
            next.push(Arc::clone(entry));
            next.sort_by_key(|entry| (Reverse(entry.priority), entry.owner.id()));
            next
        });
        (before, self.let_go())
    }

    /// Drops replaced providers that are not in use; returns whether those were all.
    fn let_go(&self) -> bool {
        self.providers.reclaim(|_| ()).drop_up_to(u64::MAX)
    }
}

/// A slot of any type.
trait AnySlot: Any + Send + Sync {
    /// Removes an owner's entry, unless it is the only one.
    fn withdraw(&self, owner: usize) -> bool;

    /// Whether only this owner provides the service.
    fn is_of(&self, owner: usize) -> bool;

    /// Drops replaced providers that are not in use; returns whether those were all.
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

/// The key of a service, and the label of the providing instance. It is empty for an extension
/// point, which all instances provide together.
type SlotKey = (u64, &'static str);

/// All slots.
#[derive(Default)]
pub(crate) struct Switchboard {
    slots: Mutex<HashMap<SlotKey, Arc<dyn AnySlot>>>,
    /// Whether a replaced provider may still be in use.
    unsettled: AtomicBool,
    /// Providers of lives that were followed by another one. They may still be called.
    followed: Mutex<Vec<Followed>>,
}

/// A provider of a life that was followed by another one.
struct Followed {
    owner: usize,
    is_called: Box<dyn Fn() -> bool + Send>,
}

impl Switchboard {
    /// A handle of the only provider with this label; `None` if there is none yet.
    pub(crate) fn one<T: ServiceTrait + ?Sized>(&self, label: &'static str) -> Option<Service<T>> {
        let slot = self.slot::<T>(label);
        let is_provided = slot.providers(|providers| !providers.is_empty());
        is_provided.then(|| Service::new(slot))
    }

    /// Handles of all providers.
    pub(crate) fn all<T: ServiceTrait + ?Sized>(&self) -> Services<T> {
        Services::new(self.slot::<T>(""))
    }

    /// Removes what an instance provides to extension points.
    pub(crate) fn withdraw(&self, owner: &Identity) {
        for slot in self.all_slots() {
            self.note(slot.withdraw(owner.uid()));
        }
    }

    /// Drops what a removed instance provides, unless a handle of it exists. A plugin with an
    /// optional need may have one.
    pub(crate) fn forget(&self, owner: &Identity) {
        let mut forgotten = Vec::new();
        // No handle can be created meanwhile, because that requires the lock.
        self.lock().retain(|_, slot| {
            let stays = Arc::strong_count(slot) > 1 || !slot.is_of(owner.uid());
            if !stays {
                forgotten.push(Arc::clone(slot));
            }
            stays
        });
        // Dropping them may drop a plugin.
        drop(forgotten);
    }

    /// Drops replaced providers that are not in use any more; returns whether those were all.
    pub(crate) fn let_go(&self) -> bool {
        if self.unsettled.swap(false, Relaxed) {
            for slot in self.all_slots() {
                self.note(slot.let_go());
            }
        }
        !self.unsettled.load(Relaxed)
    }

    /// Whether calls are in progress that began with a provider of this life, after another life
    /// has followed it.
    pub(crate) fn is_called(&self, owner: &Identity) -> bool {
        self.let_go();
        let mut followed = self.followed();
        followed.retain(|one| (one.is_called)());
        followed.iter().any(|one| one.owner == owner.uid())
    }

    fn followed(&self) -> std::sync::MutexGuard<'_, Vec<Followed>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, settled: bool) {
        if !settled {
            self.unsettled.store(true, Relaxed);
        }
    }

    /// The slots, for use without the lock, because what they drop may be a plugin.
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

/// Connects what a plugin provides with the handles; `#[plugin]` generates the calls.
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
        let (before, settled) = self.switchboard.slot::<T>(label).install(&entry);
        self.switchboard.note(settled);
        let uid = self.owner.uid();
        let followed = before.and_then(|before| {
            let owner = before.upgrade()?.owner.uid();
            (owner != uid).then(|| Followed {
                owner,
                is_called: Box::new(move || before.strong_count() > 0),
            })
        });
        let mut all = self.switchboard.followed();
        all.retain(|one| (one.is_called)());
        all.extend(followed);
    }
}
