//! The rights of an instance: what its types ask for, limited by the operator.
//!
//! The types are the upper limit: a plugin without a `Publisher<E>` can't publish `E`, whatever a
//! file says; `permissions` and `roles` can only reduce the rights. If neither key is set, a plugin
//! has all rights that its types ask for; if one of them is set, it has only the rights that they
//! list.

mod denied;
mod grants;
mod invalid;
mod missing;
mod parse;
mod resource;
mod right;
mod rules;
#[cfg(test)]
mod tests;

pub use denied::PermissionDenied;
pub use grants::Grants;
pub use invalid::{PermissionError, PermissionField};
pub use missing::MissingGrants;
pub(crate) use parse::inside;
pub use resource::{Action, Resource};
pub(crate) use right::Right;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One entry of `permissions`, as the operator writes it.
///
/// | `resource` | narrowed, for example | `actions` |
/// | --- | --- | --- |
/// | `event_bus` | `event_bus:user.*`, a topic pattern | `publish`, `subscribe`, `request`, `respond`, `intercept` |
/// | `service` | `service:UserService`, a service | `use` |
/// | `logger` | | `write` |
/// | `file` | `file:exports/`, a directory below the plugin's root | `read`, `write` |
/// | `system` | | `read`, `operate` |
/// | `scheduler` | | `schedule` |
///
/// The action `*` stands for all actions of the resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The resource: `event_bus`, `service`, `logger`, `file`, `system` or `scheduler`.
    /// `event_bus`, `service` and `file` can be narrowed, as in `event_bus:user.*`,
    /// `service:UserService`, `file:exports/`.
    pub resource: String,
    /// The allowed actions: `publish`, `subscribe`, `request`, `respond`, `intercept`; `use`;
    /// `write`; `read`, `write`; `read`, `operate`; `schedule`; or `*` for all actions of the
    /// resource.
    pub actions: Vec<String>,
}

impl Permission {
    /// All mistakes of the entry, each with its [`PermissionField`]; empty if the entry is valid.
    ///
    /// # Example
    ///
    /// ```
    /// use plugin_core::permission::Permission;
    ///
    /// let entry = Permission { resource: "event_buss".into(), actions: vec!["publish".into()] };
    /// assert_eq!(
    ///     entry.mistakes()[0].to_string(),
    ///     "unknown resource `event_buss`, did you mean `event_bus`? \
    ///      Valid are `event_bus`, `service`, `logger`, `file`, `system`, `scheduler`",
    /// );
    /// ```
    #[must_use]
    pub fn mistakes(&self) -> Vec<PermissionError> {
        parse::parse(self).err().unwrap_or_default()
    }
}
