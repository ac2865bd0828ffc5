//! The messages between host and child.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::spec::InstanceSpec;
use crate::error::{Error, PublishError, RequestError, Result};
use crate::event::{Asks, HandlerOutcome, interned};
use crate::health::Health;
use crate::idempotency::IdempotencyKey;
use crate::permission::Right;
use crate::service::ServiceCall;

/// A call that one side makes to the other.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WireCall {
    // Calls of the host to the child.
    Init(Box<InstanceSpec>),
    Start,
    Deliver(WireDelivery),
    Run(WireRun),
    Health,
    Reload(Value),
    Snapshot,
    Stop,
    // Calls of either to the other.
    Serve(WireServiceCall),
    // Calls of the child to the host.
    Publish(WirePublication),
    Ask(WireRequest),
}

/// The answer to a call.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WireAnswer {
    Done,
    Failed(Error),
    Value(Value),
    /// The `Result` of a service's method.
    Served(Box<RawValue>),
    Health(WireHealth),
    Published(Vec<WireOutcome>),
    NotPublished(WirePublishError),
    NotAnswered(WireRequestError),
}

/// A message that needs no answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WireNote {
    /// A line of the log.
    Log(WireLine),
    /// A task of the plugin failed.
    TaskFailed { task: String, error: Error },
    /// Code panicked; contains the place and the message. Most panics end only a call and not the
    /// process.
    Panicked(String),
    /// A sign of life of the child.
    Beat,
    /// The child has finished and ends.
    Leave,
}

/// The events of one call of a handler.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireDelivery {
    pub(super) handler: String,
    pub(super) topic: String,
    pub(super) events: Vec<WireEvent>,
}

/// An event for a handler.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireEvent {
    pub(super) topic: String,
    pub(super) data: String,
    pub(super) id: u64,
    pub(super) source: String,
    pub(super) parent: Option<String>,
    pub(super) key: IdempotencyKey,
}

/// A run of a schedule.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireRun {
    pub(super) schedule: String,
    pub(super) number: u64,
    pub(super) due: SystemTime,
    pub(super) by_hand: bool,
}

/// An event that the plugin publishes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WirePublication {
    pub(super) topic: String,
    pub(super) data: String,
    pub(super) parent: Option<String>,
    pub(super) asks: WireAsks,
    /// Whether a queued handler publishes it, which must not wait for room in its own mailbox.
    pub(super) in_handler: bool,
}

/// What the publisher waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum WireAsks {
    /// Nothing: it has continued.
    Nothing,
    Room,
    Stored,
    Outcomes,
}

impl WireAsks {
    pub(super) fn asks(self) -> Asks {
        match self {
            Self::Nothing | Self::Room => Asks::Nothing,
            Self::Stored => Asks::Stored,
            Self::Outcomes => Asks::Outcomes,
        }
    }
}

impl From<Asks> for WireAsks {
    fn from(asks: Asks) -> Self {
        match asks {
            Asks::Nothing => Self::Room,
            Asks::Stored => Self::Stored,
            Asks::Outcomes => Self::Outcomes,
        }
    }
}

/// A call of a service.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireServiceCall {
    pub(super) call: ServiceCall,
    pub(super) parent: Option<String>,
    pub(super) limit: Duration,
}

/// A request that the plugin sends.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireRequest {
    pub(super) topic: String,
    pub(super) label: String,
    pub(super) data: String,
    pub(super) parent: Option<String>,
    pub(super) limit: Duration,
}

/// A line of the log.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireLine {
    /// From 1, an error, to 5, a trace.
    pub(super) level: u8,
    pub(super) text: String,
    pub(super) event: Option<u64>,
    pub(super) parent: Option<String>,
}

impl From<Result<()>> for WireAnswer {
    fn from(result: Result<()>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Done)
    }
}

/// The health that an instance reports.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireHealth {
    word: String,
    reason: String,
}

impl From<Health> for WireHealth {
    fn from(health: Health) -> Self {
        let word = match &health {
            Health::Healthy => "healthy",
            Health::Degraded(_) => "degraded",
            Health::Unavailable(_) => "unavailable",
            Health::Unhealthy(_) => "unhealthy",
        };
        Self {
            word: word.to_owned(),
            reason: health.reason().unwrap_or_default().to_owned(),
        }
    }
}

impl From<WireHealth> for Health {
    fn from(health: WireHealth) -> Self {
        match &*health.word {
            "healthy" => Self::Healthy,
            "degraded" => Self::Degraded(health.reason),
            "unavailable" => Self::Unavailable(health.reason),
            _ => Self::Unhealthy(health.reason),
        }
    }
}

/// The outcome of a handler for an event.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireOutcome {
    plugin: String,
    handler: String,
    error: Option<Error>,
}

impl From<HandlerOutcome> for WireOutcome {
    fn from(outcome: HandlerOutcome) -> Self {
        Self {
            plugin: outcome.plugin.to_owned(),
            handler: outcome.handler.to_owned(),
            error: outcome.result.err(),
        }
    }
}

impl From<WireOutcome> for HandlerOutcome {
    fn from(outcome: WireOutcome) -> Self {
        Self {
            plugin: interned(&outcome.plugin),
            handler: interned(&outcome.handler),
            result: outcome.error.map_or(Ok(()), Err),
        }
    }
}

/// The reason why an event was not published.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WirePublishError {
    Stopping,
    Full {
        plugin: String,
        handler: String,
    },
    Store {
        plugin: String,
        handler: String,
        reason: String,
    },
    NoRoom,
    Refused {
        plugin: String,
        interceptor: String,
        error: Error,
    },
    /// The host does not allow the instance to publish this.
    Denied,
}

impl From<PublishError> for WirePublishError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Stopping => Self::Stopping,
            PublishError::Full { plugin, handler } => Self::Full {
                plugin: plugin.to_owned(),
                handler: handler.to_owned(),
            },
            PublishError::Store {
                plugin,
                handler,
                reason,
            } => Self::Store {
                plugin: plugin.to_owned(),
                handler: handler.to_owned(),
                reason,
            },
            PublishError::NoRoom { .. } => Self::NoRoom,
            PublishError::Refused {
                plugin,
                interceptor,
                error,
            } => Self::Refused {
                plugin: plugin.to_owned(),
                interceptor: interceptor.to_owned(),
                error,
            },
            // The data was encoded by the same build, so decoding it does not fail. The instance is
            // not an operator.
            PublishError::Denied(_)
            | PublishError::Decode(_)
            | PublishError::Topic(_)
            | PublishError::NotRecorded { .. }
            | PublishError::Request { .. } => Self::Denied,
        }
    }
}

impl WirePublishError {
    /// The error for the plugin that published on this topic.
    pub(super) fn of(self, plugin: &'static str, topic: &str) -> PublishError {
        match self {
            Self::Stopping => PublishError::Stopping,
            Self::Full { plugin, handler } => PublishError::Full {
                plugin: interned(&plugin),
                handler: interned(&handler),
            },
            Self::Store {
                plugin,
                handler,
                reason,
            } => PublishError::Store {
                plugin: interned(&plugin),
                handler: interned(&handler),
                reason,
            },
            Self::NoRoom => PublishError::NoRoom { place: None },
            Self::Refused {
                plugin,
                interceptor,
                error,
            } => PublishError::Refused {
                plugin: interned(&plugin),
                interceptor: interned(&interceptor),
                error,
            },
            Self::Denied => PublishError::Denied(Right::Publish(topic).denied(plugin)),
        }
    }
}

/// The reason why a request has no answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WireRequestError {
    TimedOut(Duration),
    NotRunning,
    Failed(Error),
    Stopping,
    Denied,
}

impl From<RequestError> for WireRequestError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::TimedOut { limit, .. } => Self::TimedOut(limit),
            RequestError::NotRunning { .. } => Self::NotRunning,
            RequestError::Failed { error, .. } => Self::Failed(error),
            RequestError::Stopping => Self::Stopping,
            RequestError::Denied(_) => Self::Denied,
            RequestError::Decode(_) | RequestError::Unknown { .. } => {
                Self::Failed(Error::bug(error.to_string()))
            }
        }
    }
}

impl WireRequestError {
    /// The error for the plugin that sent the request.
    pub(super) fn of(self, plugin: &'static str, topic: &'static str) -> RequestError {
        match self {
            Self::TimedOut(limit) => RequestError::TimedOut { topic, limit },
            Self::NotRunning => RequestError::NotRunning { topic },
            Self::Failed(error) => RequestError::Failed { topic, error },
            Self::Stopping => RequestError::Stopping,
            Self::Denied => RequestError::Denied(Right::Request(topic).denied(plugin)),
        }
    }
}
