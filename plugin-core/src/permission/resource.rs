//! The words of a permission: resources, and what may be done with them.

use std::fmt;

use serde::Serialize;

/// What a permission is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resource {
    /// Events, by topic.
    EventBus,
    /// Other plugins' services, by name.
    Service,
    /// The log.
    Logger,
    /// Files below the plugin's root, by directory.
    File,
    /// The whole system: the view of it, and the hold on it.
    System,
    /// Schedules that are made at run time.
    Scheduler,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::EventBus,
        Self::Service,
        Self::Logger,
        Self::File,
        Self::System,
        Self::Scheduler,
    ];

    /// The word that config files use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventBus => "event_bus",
            Self::Service => "service",
            Self::Logger => "logger",
            Self::File => "file",
            Self::System => "system",
            Self::Scheduler => "scheduler",
        }
    }

    /// What may be done with it.
    #[must_use]
    pub const fn actions(self) -> &'static [Action] {
        match self {
            Self::EventBus => &[
                Action::Publish,
                Action::Subscribe,
                Action::Request,
                Action::Respond,
                Action::Intercept,
            ],
            Self::Service => &[Action::Use],
            Self::Logger => &[Action::Write],
            Self::File => &[Action::Read, Action::Write],
            Self::System => &[Action::Read, Action::Operate],
            Self::Scheduler => &[Action::Schedule],
        }
    }

    /// An example of what narrows it; `None` if nothing does.
    #[must_use]
    pub const fn example(self) -> Option<&'static str> {
        match self {
            Self::EventBus => Some("event_bus:user.*"),
            Self::Service => Some("service:UserService"),
            Self::File => Some("file:exports/"),
            Self::Logger | Self::System | Self::Scheduler => None,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is done with a [`Resource`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Publish an event.
    Publish,
    /// Subscribe to events.
    Subscribe,
    /// Ask a request.
    Request,
    /// Answer a request.
    Respond,
    /// Stand between those who publish events and those who handle them.
    Intercept,
    /// Call a service.
    Use,
    /// Read a file, or the state of the system.
    Read,
    /// Write a file or to the log.
    Write,
    /// Make a schedule at run time.
    Schedule,
    /// Start, stop and restart plugins, and what concerns their schedules.
    Operate,
}

impl Action {
    /// The word that config files use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
            Self::Request => "request",
            Self::Respond => "respond",
            Self::Intercept => "intercept",
            Self::Use => "use",
            Self::Read => "read",
            Self::Write => "write",
            Self::Schedule => "schedule",
            Self::Operate => "operate",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
