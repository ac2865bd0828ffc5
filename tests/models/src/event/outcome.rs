//! The included sources of `plugin-core/src/event/outcome`.

#[path = "../../../../plugin-core/src/event/outcome/backlog.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
pub(super) mod backlog;
