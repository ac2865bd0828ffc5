//! A right that the operator did not grant.

use std::fmt;

use super::Permission;
use super::resource::{Action, Resource};
use crate::audit::{Audit, Entry, Outcome};

/// A right that the operator did not grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PermissionDenied {
    pub(super) plugin: &'static str,
    pub(super) resource: Resource,
    pub(super) action: Action,
    pub(super) object: Option<String>,
}

impl PermissionDenied {
    /// Name of the plugin that lacks the right.
    #[must_use]
    pub fn plugin(&self) -> &'static str {
        self.plugin
    }

    /// The resource of the right.
    #[must_use]
    pub fn resource(&self) -> Resource {
        self.resource
    }

    /// The action of the right.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The topic, service or path; `None` if the plugin has no right of this kind at all.
    #[must_use]
    pub fn object(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// The smallest permission that grants the right.
    #[must_use]
    pub fn grant(&self) -> Permission {
        let part = self
            .object
            .as_deref()
            .and_then(|object| match self.resource {
                Resource::EventBus | Resource::Service => Some(object),
                Resource::File => object.rsplit_once('/').map(|(directory, _)| directory),
                Resource::Logger | Resource::System | Resource::Scheduler => None,
            });
        let word = self.resource.as_str();
        Permission {
            resource: part.map_or_else(|| word.to_owned(), |part| format!("{word}:{part}")),
            actions: vec![self.action.to_string()],
        }
    }
}

impl Audit {
    /// Records that a right was refused. If there are too many similar entries, it is only counted.
    pub fn refused(&self, denied: &PermissionDenied) {
        let action = format!("{}.{}", denied.resource(), denied.action());
        let mut entry =
            Entry::new(denied.plugin(), action, Outcome::Denied).plugin(denied.plugin());
        if let Some(object) = denied.object() {
            entry = entry.detail(object);
        }
        self.record_bounded(entry);
    }
}

impl fmt::Display for PermissionDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            plugin,
            resource,
            action,
            ..
        } = self;
        write!(f, "`{plugin}` may not ")?;
        match (self.object.as_deref(), resource, action) {
            (Some(object), _, Action::Subscribe) => write!(f, "subscribe to `{object}`"),
            (Some(object), _, Action::Respond) => write!(f, "respond to `{object}`"),
            (Some(object), _, _) => write!(f, "{action} `{object}`"),
            (None, Resource::EventBus, Action::Subscribe) => f.write_str("subscribe to any event"),
            (None, Resource::EventBus, Action::Request) => f.write_str("request anything"),
            (None, Resource::EventBus, _) => write!(f, "{action} any event"),
            (None, Resource::Service, _) => write!(f, "{action} any service"),
            (None, Resource::Logger, _) => f.write_str("write to the log"),
            (None, Resource::File, _) => f.write_str("use files"),
            (None, Resource::System, Action::Operate) => f.write_str("operate the system"),
            (None, Resource::System, _) => f.write_str("see the system"),
            (None, Resource::Scheduler, _) => f.write_str("schedule at run time"),
        }?;
        write!(
            f,
            ": grant it `{resource}` with action `{action}` in its `permissions`"
        )
    }
}

impl std::error::Error for PermissionDenied {}
