//! What an instance may do: what its types grant, narrowed by the operator.

use std::fmt;

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
