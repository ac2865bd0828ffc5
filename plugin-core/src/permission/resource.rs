//! The words of a permission: resources and actions.

use std::fmt;

use serde::Serialize;

/// The resource of a permission.
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
    /// The whole system: viewing it and controlling it.
    System,
    /// Schedules that are created at run time.
    Scheduler,
}

impl Resource {
    /// All resources.
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

    /// The actions that are possible with it.
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

    /// An example of how it is narrowed; `None` if it can't be narrowed.
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

/// An action on a [`Resource`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Publish an event.
    Publish,
    /// Subscribe to events.
    Subscribe,
    /// Send a request.
    Request,
    /// Answer a request.
    Respond,
    /// Be called around the events that other plugins publish and handle.
    Intercept,
    /// Call a service.
    Use,
    /// Read a file or the state of the system.
    Read,
    /// Write to a file or to the log.
    Write,
    /// Create a schedule at run time.
    Schedule,
    /// Start, stop and restart plugins, and control their schedules.
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
