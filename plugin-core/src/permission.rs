//! What an instance may do: what its types grant, narrowed by the operator.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One entry of `permissions`, as the operator writes it.
///
/// | `resource` | narrowed, for example | `actions` |
/// | --- | --- | --- |
/// | `event_bus` | `event_bus:user.*`, a topic pattern | `publish`, `subscribe` |
/// | `service` | `service:UserService`, a service | `use` |
/// | `logger` | | `write` |
/// | `file` | `file:exports/`, a directory below the plugin's root | `read`, `write` |
/// | `system` | | `read` |
///
/// The action `*` stands for all of the resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// What it is about: `event_bus`, `service`, `logger`, `file` or `system`; the first two and
    /// `file` may be narrowed, as in `event_bus:user.*`, `service:UserService`, `file:exports/`.
    pub resource: String,
    /// What may be done with it: `publish`, `subscribe`; `use`; `write`; `read`, `write`; `read`;
    /// or `*` for all of the resource.
    pub actions: Vec<String>,
}

/// What an instance may do.
#[derive(Debug, Clone, Default)]
pub struct Grants {}

impl Grants {
    /// Everything that the plugin's types grant.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    pub(crate) fn publish(&self, _topic: &str) -> Result<(), PermissionDenied> {
        Ok(())
    }

    pub(crate) fn publish_any(&self) -> Result<(), PermissionDenied> {
        Ok(())
    }

    pub(crate) fn subscribe(&self, _topic: &str) -> Result<(), PermissionDenied> {
        Ok(())
    }

    pub(crate) fn subscribe_any(&self) -> Result<(), PermissionDenied> {
        Ok(())
    }

    pub(crate) fn use_service(&self, _name: &str) -> Result<(), PermissionDenied> {
        Ok(())
    }

    pub(crate) fn view_system(&self) -> Result<(), PermissionDenied> {
        Ok(())
    }

    pub(crate) fn may_log(&self) -> bool {
        true
    }
}

/// A right that the operator did not grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionDenied {
    plugin: &'static str,
}

impl fmt::Display for PermissionDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` may not", self.plugin)
    }
}

impl std::error::Error for PermissionDenied {}
