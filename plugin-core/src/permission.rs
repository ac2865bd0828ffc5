//! What an instance may do: what its types grant, narrowed by the operator.
//!
//! The types limit the rights: a plugin that holds no `Publisher<E>` can't publish `E`,
//! whatever a file says; `permissions` and `roles` only take away. Without both, a plugin has all
//! that its types grant; with one of them, it has only what they list.

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
/// The action `*` stands for all of the resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// What it is about: `event_bus`, `service`, `logger`, `file`, `system` or `scheduler`; the
    /// first two and `file` may be narrowed, as in `event_bus:user.*`, `service:UserService`,
    /// `file:exports/`.
    pub resource: String,
    /// What may be done with it: `publish`, `subscribe`, `request`, `respond`, `intercept`; `use`;
    /// `write`; `read`, `write`; `read`, `operate`; `schedule`; or `*` for all of the resource.
    pub actions: Vec<String>,
}

impl Permission {
    /// All that is wrong with the entry, each with its [`PermissionField`]; nothing, if it is good.
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
