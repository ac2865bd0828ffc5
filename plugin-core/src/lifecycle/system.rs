//! A view of the whole system, for plugins that report on it.

/// A view of the whole system: what runs and how it does.
#[derive(Debug, Clone, Default)]
pub struct System {}
