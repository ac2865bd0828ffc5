//! What one life of an instance leaves to the next one.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Handover, InitContext, InitParam, Need};
use crate::error::Result;

/// What the previous life left.
#[derive(Default)]
pub(crate) struct Predecessor {
    pub(crate) snapshot: Option<Value>,
    /// The values that it offers.
    pub(crate) handover: Option<Handover>,
}

impl Predecessor {
    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.snapshot.is_none() && self.handover.is_none()
    }
}

impl fmt::Debug for Predecessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Predecessor")
            .field("has_snapshot", &self.snapshot.is_some())
            .finish_non_exhaustive()
    }
}

/// What the previous life of the instance returned from its `#[snapshot]`. `#[init]` takes an
/// `Option` of it, because most lives begin without one.
///
/// There is a snapshot after a restart by an operator, and after a reload that was not applied in
/// place. There is none at the start of the process, after a failure of the plugin, or after `stop`
/// and `start`. There is also none, and a warning is logged, if `#[snapshot]` failed, panicked or
/// exceeded the plugin's `timeout`, or if its result can't be read as a `T`.
///
/// Each replica has its own snapshot. It is stored as JSON in between.
///
/// # Example
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// use plugin_core::prelude::*;
///
/// struct Counter {
///     count: AtomicU64,
/// }
///
/// #[plugin(name = "counter-plugin")]
/// impl Counter {
///     #[init]
///     fn init(before: Option<Snapshot<u64>>) -> Self {
///         let count = before.map_or(0, |Snapshot(count)| count);
///         Self { count: count.into() }
///     }
///
///     #[snapshot]
///     fn snapshot(&self) -> u64 {
///         self.count.load(Relaxed)
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot<T>(pub T);

/// A type that `#[snapshot]` can return. It is written as JSON and read again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a snapshot",
    label = "needs `#[derive(Serialize, Deserialize)]`",
    note = "derive both on `{Self}`; it is kept as JSON until the next life of the plugin is built"
)]
pub trait SnapshotType: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> SnapshotType for T {}

impl<T: SnapshotType> InitParam for Option<Snapshot<T>> {
    const NEED: Need = Need::Snapshot;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        let Some(snapshot) = &context.predecessor.snapshot else {
            return Ok(None);
        };
        match serde_path_to_error::deserialize(snapshot) {
            Ok(snapshot) => Ok(Some(Snapshot(snapshot))),
            Err(error) => {
                tracing::warn!(
                    plugin = context.plugin(),
                    "begins without the snapshot of its life before, which it can't read: {error}"
                );
                Ok(None)
            }
        }
    }
}
