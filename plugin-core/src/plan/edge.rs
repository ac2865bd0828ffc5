//! The reasons why one plugin starts before another.

use std::fmt;

use crate::const_text::{Text, render};

/// A plugin that another one needs, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Edge {
    /// The plugin that needs the other: it starts later.
    pub from: &'static str,
    /// The plugin that is needed: it starts earlier.
    pub to: &'static str,
    /// The reason.
    pub reason: Reason,
    /// Whether `from` can't run without `to`. An edge for an optional need, or for one of many
    /// providers, is not hard: it only determines which starts first.
    pub is_hard: bool,
}

/// The reason why a plugin starts after another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// `init` takes the service with this name, which the other plugin provides.
    Service(&'static str),
    /// `init` takes the right to send requests of this topic, which the other plugin answers.
    Request(&'static str),
    /// `requires` names the other plugin.
    Requires,
    /// `after` names the other plugin.
    After,
}

impl Edge {
    /// Writes what one plugin needs from the other: "needs service `Clock` of `b`".
    pub(super) const fn write(&self, text: &mut Text<'_>) {
        match self.reason {
            Reason::Service(service) => text.push("needs service ").name(service).push(" of "),
            Reason::Request(topic) => text.push("requests ").name(topic).push(" of "),
            Reason::Requires => text.push("requires "),
            Reason::After => text.push("starts after "),
        };
        text.name(self.to);
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(|text| {
            text.name(self.from).push(" ");
            self.write(text);
        }))
    }
}
