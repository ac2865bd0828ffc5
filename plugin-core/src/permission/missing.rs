//! The permissions to add to a plugin's file so that it is not refused.

use std::fmt;

use super::Permission;
use super::denied::PermissionDenied;

/// The permissions that were missing. Its `Display` is the YAML to add.
///
/// # Example
///
/// ```
/// use plugin_core::permission::{MissingGrants, Permission};
///
/// let missing = MissingGrants(vec![Permission {
///     resource: "event_bus:user.welcome".into(),
///     actions: vec!["publish".into()],
/// }]);
/// assert_eq!(
///     missing.to_string(),
///     "permissions:\n  - resource: \"event_bus:user.welcome\"\n    actions: [\"publish\"]\n",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingGrants(pub Vec<Permission>);

impl MissingGrants {
    /// The smallest permissions that grant every right in `denied`, with one entry for each
    /// resource.
    #[must_use]
    pub fn of<'a>(denied: impl IntoIterator<Item = &'a PermissionDenied>) -> Self {
        let mut entries: Vec<Permission> = Vec::new();
        for grant in denied.into_iter().map(PermissionDenied::grant) {
            match entries
                .iter_mut()
                .find(|entry| entry.resource == grant.resource)
            {
                Some(entry) => add(&mut entry.actions, grant.actions),
                None => entries.push(grant),
            }
        }
        Self(entries)
    }
}

fn add(actions: &mut Vec<String>, more: Vec<String>) {
    for action in more {
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
}

impl fmt::Display for MissingGrants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("permissions:\n")?;
        for Permission { resource, actions } in &self.0 {
            // A JSON string is also valid YAML, and so is the `Debug` form of a list of words.
            let resource = serde_json::Value::from(resource.as_str());
            writeln!(f, "  - resource: {resource}\n    actions: {actions:?}")?;
        }
        Ok(())
    }
}
