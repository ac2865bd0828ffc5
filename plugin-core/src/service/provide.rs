//! A service that a plugin provides, as `#[plugin]` declares it.

use std::fmt;

use super::{Installer, ServiceDescriptor};
use crate::boxed::PluginRef;

/// A service that a plugin provides.
#[derive(Clone, Copy)]
pub struct Provide {
    /// The service.
    pub service: &'static ServiceDescriptor,
    /// Rank among several providers; the highest is first.
    pub priority: i32,
    /// Connects the plugin with the handles of the service.
    pub install: fn(&PluginRef, &mut Installer<'_>),
}

impl fmt::Debug for Provide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provide")
            .field("service", &self.service.name)
            .field("priority", &self.priority)
            .finish()
    }
}
