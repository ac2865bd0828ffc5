//! The counters of interceptors.

use serde::Serialize;

/// The counters of one interceptor since its plugin started. They are exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InterceptorReport {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// Name of the method.
    pub interceptor: &'static str,
    /// `publish`, `deliver` or `delivered`.
    pub stage: &'static str,
    /// Pattern of the topics that it is called for.
    pub topics: String,
    /// How often it was called.
    pub calls: u64,
    /// Number of calls that returned an error or panicked. In the stages `publish` and `deliver`,
    /// each of them is a refusal.
    pub errors: u64,
}
