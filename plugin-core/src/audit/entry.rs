//! One line of the audit log.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The outcome of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was tried and failed.
    Failed,
    /// It was refused.
    Denied,
}

impl Outcome {
    /// The word of the audit log.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Denied => "denied",
        }
    }
}

/// Who did what to which plugin, and the outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub(super) actor: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
    plugin: Option<Cow<'static, str>>,
    pub(super) action: Cow<'static, str>,
    pub(super) outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Entry {
    /// A new entry. `actor` is `manager`, `operator` or the name of a plugin. The action is a word
    /// such as `start` or `event_bus.publish`.
    pub fn new(
        actor: impl Into<Cow<'static, str>>,
        action: impl Into<Cow<'static, str>>,
        outcome: Outcome,
    ) -> Self {
        Self {
            actor: actor.into(),
            user: None,
            address: None,
            plugin: None,
            action: action.into(),
            outcome,
            detail: None,
        }
    }

    /// Sets the user on whose behalf the actor did it.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sets the address of the user.
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Sets the plugin that the action affected or concerned.
    #[must_use]
    pub fn plugin(mut self, plugin: impl Into<Cow<'static, str>>) -> Self {
        self.plugin = Some(plugin.into());
        self
    }

    /// Sets further details, such as the object or the error.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same entry with another actor.
    pub(super) fn by(mut self, actor: &'static str) -> Self {
        self.actor = Cow::Borrowed(actor);
        self
    }

    /// The same entry, with text that may come from outside escaped and cut.
    pub(super) fn cleaned(mut self) -> Self {
        self.user = self.user.map(|user| cleaned(&user, LONGEST_NAME));
        self.address = self.address.map(|address| cleaned(&address, LONGEST_NAME));
        self.detail = self.detail.map(|detail| cleaned(&detail, LONGEST_DETAIL));
        self
    }
}

/// Number of characters of a user's name or of an address that are kept.
const LONGEST_NAME: usize = 128;

/// Number of characters of a detail that are kept.
const LONGEST_DETAIL: usize = 512;

/// The first characters of a text, with those escaped that a terminal or a reader would obey.
fn cleaned(text: &str, most: usize) -> String {
    let mut clean = String::new();
    for (place, char) in text.chars().enumerate() {
        if place == most {
            clean.push('…');
            break;
        }
        if char.is_control() || is_invisible(char) {
            clean.extend(char.escape_unicode());
        } else {
            clean.push(char);
        }
    }
    clean
}

/// Whether a character ends a line, changes the direction of text, or is invisible.
const fn is_invisible(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
