//! The instances that provide services and answers to a plugin.

use std::collections::BTreeMap;

/// The instances that provide services and answers to a plugin, where config chooses them. The map
/// has the key of the service or of the request. The key of a service is made from a path and the
/// key of a request from a topic, so both can be in one map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProviderBindings(BTreeMap<u64, &'static str>);

impl ProviderBindings {
    /// The label of the providing instance; `""` is the instance without a label.
    pub(crate) fn label(&self, key: u64) -> &'static str {
        self.0.get(&key).copied().unwrap_or_default()
    }
}

impl FromIterator<(u64, &'static str)> for ProviderBindings {
    fn from_iter<I: IntoIterator<Item = (u64, &'static str)>>(bindings: I) -> Self {
        Self(bindings.into_iter().collect())
    }
}
