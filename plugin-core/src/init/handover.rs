//! What can't be there twice: one life of an instance passes it to the next one, in the process.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{InitContext, InitParam, Need};
use crate::error::Result;

/// Passes values from one life of an instance to the next one: what can't be there twice, such as
/// a listener or a pool, and what has to go on, such as a table that both lives look at.
///
/// The life that has a value offers it under a name. The next one takes it in `init` or `start`, and
/// offers it again for the one after it. Where two lives [overlap](macro@crate::plugin), both hold it
/// until the old one has stopped. Where no life follows, it is let go of when the stop begins. There is nothing to take where there is no
/// [`Snapshot`](super::Snapshot) either: at the start of the process and after a failure.
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
    /// That of a life that follows another one.
    pub(crate) fn after(before: Option<Self>) -> Self {
        Self(Arc::new(HandoverState {
            offered: Mutex::default(),
            before: Mutex::new(before),
        }))
    }

    /// Offers a value to the next life, in the place of what was offered under the name before.
    pub fn offer<T: Send + Sync + 'static>(&self, name: &'static str, value: &Arc<T>) {
        let value: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(value);
        let replaced = self.offered().insert(name, value);
        // Without the lock: its `Drop` may be anything.
        drop(replaced);
    }

    /// What the life before offers under a name; `None` if it offers nothing of that type, or there
    /// was none, and when this life has started.
    #[must_use]
    pub fn take<T: Send + Sync + 'static>(&self, name: &str) -> Option<Arc<T>> {
        let before = self.before().clone()?;
        let offered = before.offered().get(name).cloned();
        offered?.downcast().ok()
    }

    /// Offers nothing any more: no life follows.
    pub(crate) fn withdraw(&self) {
        let offered = std::mem::take(&mut *self.offered());
        drop(offered);
    }

    /// Lets go of what the life before offered.
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
