//! The text form of a difference, for people.

use std::fmt;

use serde_json::Value;

use super::{ChangedKey, Difference, Impact, PluginChange, TakesEffect};

impl fmt::Display for Difference {
    /// Writes a line for each plugin that differs, and one for each of its changed keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        if !self.manager.is_empty() {
            lines.push("plugin_manager: changed".to_owned());
        }
        for key in &self.manager {
            let note = match key.takes_effect {
                TakesEffect::AtOnce => "",
                TakesEffect::NextStart => ", with the next start",
                TakesEffect::NotInForce => ", not in force",
            };
            lines.push(format!("  {}{note}", key.changed));
        }
        for plugin in self.changed() {
            lines.push(format!("{}: {}", plugin.plugin, plugin.change));
            if let PluginChange::Changed { keys, .. } = &plugin.change {
                lines.extend(keys.iter().map(|key| format!("  {key}")));
            }
        }
        if lines.is_empty() {
            lines.push("nothing is different".to_owned());
        }
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for PluginChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchanged => f.write_str("unchanged"),
            Self::Added => f.write_str("added"),
            Self::Removed => f.write_str("removed"),
            Self::Changed { impact, .. } => write!(f, "changed, {impact}"),
        }
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checks => "nothing that runs is concerned",
            Self::Policy => "how it is started and restarted",
            Self::Own => "its own config",
            Self::Instance => "what an instance is made with",
        })
    }
}

impl fmt::Display for ChangedKey {
    /// Writes the values as JSON, which is also valid YAML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<Value>| match value {
            Some(value) => value.to_string(),
            None => "none".to_owned(),
        };
        let (old, new) = (shown(&self.old), shown(&self.new));
        if old == new {
            write!(f, "{}: another {new}", self.key)?;
        } else {
            write!(f, "{}: {old} -> {new}", self.key)?;
        }
        write!(f, " ({})", self.origin)
    }
}
