//! What forces one plugin to start before another.

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
    /// Why.
    pub reason: Reason,
    /// Whether `from` can't run without `to`. An optional need, or one of many providers, is not
    /// hard: it only says who starts first.
    pub is_hard: bool,
}

/// Why a plugin starts after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// `init` takes the service of that name, which the other provides.
    Service(&'static str),
    /// `init` takes the right to ask requests of that topic, which the other answers.
    Request(&'static str),
    /// `requires` names the other.
    Requires,
    /// `after` names the other.
    After,
}

impl Edge {
    /// Writes what the one wants of the other: "needs service `Clock` of `b`".
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
