//! One line of the audit log.

use std::borrow::Cow;

use serde::Serialize;

/// What came of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
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

/// Who did what to which plugin, and with what outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    actor: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    plugin: Option<Cow<'static, str>>,
    action: Cow<'static, str>,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Entry {
    /// `actor` is who did it: `manager`, `operator` or a plugin. The action is a word such as
    /// `start`, or `event_bus.publish`.
    pub fn new(
        actor: impl Into<Cow<'static, str>>,
        action: impl Into<Cow<'static, str>>,
        outcome: Outcome,
    ) -> Self {
        Self {
            actor: actor.into(),
            user: None,
            plugin: None,
            action: action.into(),
            outcome,
            detail: None,
        }
    }

    /// The user for whom the actor did it.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// The plugin that it was done to, or was to be done by.
    #[must_use]
    pub fn plugin(mut self, plugin: impl Into<Cow<'static, str>>) -> Self {
        self.plugin = Some(plugin.into());
        self
    }

    /// What else is worth to know: the object, the error.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}
