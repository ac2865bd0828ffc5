//! Which instances a plugin takes services and answers from.

use std::collections::BTreeMap;

/// Which instances a plugin takes services and answers from, where config says so. By the key of the
/// service or of the request; a service's is that of a path and a request's that of a topic, so
/// that they stand in one map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProviderBindings(BTreeMap<u64, &'static str>);

impl ProviderBindings {
    /// The label of the instance that provides; `""` is the one without a label.
    pub(crate) fn label(&self, key: u64) -> &'static str {
        self.0.get(&key).copied().unwrap_or_default()
    }
}

impl FromIterator<(u64, &'static str)> for ProviderBindings {
    fn from_iter<I: IntoIterator<Item = (u64, &'static str)>>(bindings: I) -> Self {
        Self(bindings.into_iter().collect())
    }
}
