//! What expansions of the macros call. No part of the public interface: it changes without notice,
//! together with `plugin-macros`, whose version is pinned.

use std::sync::Arc;

pub use linkme;

use crate::descriptor::PluginRef;
pub use crate::error::IntoOutcome;
pub use crate::plan::{prove, scratch_len};
pub use crate::version::assert_met;

/// The plugin behind an erased reference.
#[must_use]
pub fn downcast<T: Send + Sync + 'static>(plugin: PluginRef) -> Arc<T> {
    plugin
        .downcast()
        .expect("`init` of a descriptor builds the type that its hooks take")
}
