//! Files below a root, and nowhere else.

use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::instance::Identity;

/// Files below a root.
#[derive(Debug, Clone)]
pub struct Files {}

impl Files {
    pub(crate) fn open(_root: &Path, _owner: &Arc<Identity>) -> Result<Self> {
        Ok(Self {})
    }
}
