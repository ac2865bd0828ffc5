//! Passes values that can't exist twice from one life of an instance to the next one, within the
//! process.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{InitContext, InitParam, Need};
use crate::error::Result;

/// Passes values from one life of an instance to the next one: things that can't exist twice, such
/// as a listener or a pool, and things that have to continue, such as a table that both lives use.
///
/// A life that has a value offers it under a name. The next life takes it in `init` or `start`, and
/// offers it again for the life after it. If two lives [overlap](macro@crate::plugin), both hold it
/// until the old one has stopped. If no life follows, it is released when the stop begins. There is
/// nothing to take in the cases in which there is no [`Snapshot`](super::Snapshot) either: at the
/// start of the process and after a failure.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use plugin_core::prelude::*;
///
/// struct Counter {
///     total: Arc<std::sync::atomic::AtomicU64>,
/// }
///
/// #[plugin(name = "total-plugin", overlap)]
/// impl Counter {
///     #[init]
///     fn init(handover: Handover) -> Self {
///         let total = handover.take("total").unwrap_or_default();
///         handover.offer("total", &total);
///         Self { total }
///     }
/// }
/// ```
#[derive(Clone, Default)]
pub struct Handover(Arc<HandoverState>);

#[derive(Default)]
struct HandoverState {
    offered: Mutex<Offered>,
    before: Mutex<Option<Handover>>,
}

type Offered = HashMap<&'static str, Arc<dyn Any + Send + Sync>>;

impl Handover {
    /// The handover of a life that follows another one.
    pub(crate) fn after(before: Option<Self>) -> Self {
        Self(Arc::new(HandoverState {
            offered: Mutex::default(),
            before: Mutex::new(before),
        }))
    }

    /// Offers a value to the next life. It replaces an earlier value with the same name.
    pub fn offer<T: Send + Sync + 'static>(&self, name: &'static str, value: &Arc<T>) {
        let value: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(value);
        let replaced = self.offered().insert(name, value);
        // It is dropped without the lock, because its `Drop` may run any code.
        drop(replaced);
    }

    /// Takes the value that the previous life offers under a name. `None` if it offers no value of
    /// this type, if there was no previous life, or if this life has started already.
    #[must_use]
    pub fn take<T: Send + Sync + 'static>(&self, name: &str) -> Option<Arc<T>> {
        let before = self.before().clone()?;
        let offered = before.offered().get(name).cloned();
        offered?.downcast().ok()
    }

    /// Offers nothing any more, because no life follows.
    pub(crate) fn withdraw(&self) {
        let offered = std::mem::take(&mut *self.offered());
        drop(offered);
    }

    /// Releases the values that the previous life offered.
    pub(crate) fn close(&self) {
        let before = self.before().take();
        drop(before);
    }

    fn offered(&self) -> std::sync::MutexGuard<'_, Offered> {
        let offered = self.0.offered.lock();
        offered.unwrap_or_else(PoisonError::into_inner)
    }

    fn before(&self) -> std::sync::MutexGuard<'_, Option<Self>> {
        self.0.before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.offered().keys()).finish()
    }
}

impl InitParam for Handover {
    const NEED: Need = Need::Handover;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        Ok(context.handover.clone())
    }
}
