//! What to write in a plugin's file so that it is not refused.

use std::fmt;

use super::Permission;
use super::denied::PermissionDenied;

/// The grants that refusals ask for; its `Display` is the YAML to add.
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
    /// The least that grants every right of `denied`, one entry per resource.
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
            // A string of JSON is one of YAML too; `Debug` of a list of words reads the same.
            let resource = serde_json::Value::from(resource.as_str());
            writeln!(f, "  - resource: {resource}\n    actions: {actions:?}")?;
        }
        Ok(())
    }
}
