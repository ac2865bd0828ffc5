//! Why an event was not published.

use std::fmt;

use super::{DecodeError, Error};
use crate::counted::counted;
use crate::pattern::PatternError;
use crate::permission::PermissionDenied;

/// The reason why an event was not accepted, or not by all subscribers.
#[derive(Debug)]
#[non_exhaustive]
pub enum PublishError {
    /// The publisher's plugin has stopped, or the system is stopping and accepts no more events.
    Stopping,
    /// A mailbox is full, and its subscription does not let a publisher wait: its overflow policy
    /// is `fail`, or the publisher is a handler of that very plugin. Every other subscriber got
    /// the event.
    Full {
        /// Name of the plugin whose mailbox is full.
        plugin: &'static str,
        /// Name of the handler.
        handler: &'static str,
    },
    /// The event of a durable subscription can't be stored. Every other subscriber got it.
    Store {
        /// Name of the subscribing plugin.
        plugin: &'static str,
        /// Name of the handler.
        handler: &'static str,
        /// What is wrong with the store.
        reason: String,
    },
    /// There was no room within the time limit: no subscriber got the event.
    NoRoom {
        /// The plugin and the handler whose mailbox was full; `None` if it was a group.
        place: Option<(&'static str, &'static str)>,
    },
    /// An operator published the event, and the audit log can't be written: no subscriber got it.
    NotRecorded {
        /// Why the log can't be written.
        reason: String,
    },
    /// An interceptor refused the event: no subscriber got it.
    Refused {
        /// Name of the plugin whose interceptor it is.
        plugin: &'static str,
        /// Name of the interceptor.
        interceptor: &'static str,
        /// The reason; [`Error::retry_after`] may say when to try again.
        error: Error,
    },
    /// The plugin may not publish on the topic.
    Denied(PermissionDenied),
    /// The data is not an event of the topic's type.
    Decode(DecodeError),
    /// The topic is not valid.
    Topic(PatternError),
    /// The topic belongs to a request, which is sent to a responder and can't be published: it has
    /// no subscribers.
    Request {
        /// The topic.
        topic: &'static str,
    },
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopping => f.write_str("the system is stopping and accepts no more events"),
            Self::Full { plugin, handler } => write!(
                f,
                "the mailbox of `{plugin}` is full, and `{handler}` does not let a publisher wait"
            ),
            Self::Store {
                plugin,
                handler,
                reason,
            } => write!(f, "not stored for `{handler}` of `{plugin}`: {reason}"),
            Self::NotRecorded { reason } => write!(
                f,
                "nothing is published, because it could not be recorded in the audit log: {reason}"
            ),
            Self::NoRoom { place } => {
                f.write_str("nobody got the event, as there was no room in time")?;
                match place {
                    Some((plugin, handler)) => write!(f, " for `{handler}` of `{plugin}`"),
                    None => Ok(()),
                }
            }
            Self::Refused {
                plugin,
                interceptor,
                error,
            } => refused(f, plugin, interceptor, error),
            Self::Denied(denied) => denied.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::Topic(error) => error.fmt(f),
            Self::Request { topic } => write!(
                f,
                "`{topic}` is a request: a plugin asks it and gets an answer; published, it would reach nobody"
            ),
        }
    }
}

impl std::error::Error for PublishError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused { error, .. } => Some(error.as_dyn()),
            Self::Denied(denied) => Some(denied),
            Self::Decode(error) => Some(error),
            Self::Topic(error) => Some(error),
            Self::Stopping
            | Self::Full { .. }
            | Self::Store { .. }
            | Self::NoRoom { .. }
            | Self::NotRecorded { .. }
            | Self::Request { .. } => None,
        }
    }
}

/// The reason why not all of several events were accepted, or not by all subscribers.
#[derive(Debug)]
#[non_exhaustive]
pub struct PublishAllError {
    /// How many events from the beginning were published. No later event was.
    pub published: usize,
    /// Why the next event was not published, or why a subscriber did not get some of the published
    /// events.
    pub source: PublishError,
}

impl fmt::Display for PublishAllError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let published = counted(self.published, "event");
        write!(f, "after {published}: {}", self.source)
    }
}

impl std::error::Error for PublishAllError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// The reason why no subscriber accepted an event; the error returns the event.
#[derive(Debug)]
#[non_exhaustive]
pub enum TryPublishError<E> {
    /// The system is stopping and accepts nothing more.
    Stopping(E),
    /// There is no room in the mailbox of a subscriber.
    Full(E),
    /// The event can't be stored for a durable subscriber now.
    Store(E),
    /// An interceptor refused the event.
    Refused {
        /// The event.
        event: E,
        /// Name of the plugin whose interceptor it is.
        plugin: &'static str,
        /// Name of the interceptor.
        interceptor: &'static str,
        /// The reason; [`Error::retry_after`] may say when to try again.
        error: Error,
    },
}

impl<E> TryPublishError<E> {
    /// The event.
    pub fn into_event(self) -> E {
        match self {
            Self::Stopping(event)
            | Self::Full(event)
            | Self::Store(event)
            | Self::Refused { event, .. } => event,
        }
    }
}

impl<E> fmt::Display for TryPublishError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopping(_) => f.write_str("the system is stopping and accepts no more events"),
            Self::Full(_) => f.write_str("a subscriber has no room for the event"),
            Self::Store(_) => f.write_str("the event can't be stored for a durable subscriber"),
            Self::Refused {
                plugin,
                interceptor,
                error,
                ..
            } => refused(f, plugin, interceptor, error),
        }
    }
}

fn refused(
    f: &mut fmt::Formatter<'_>,
    plugin: &str,
    interceptor: &str,
    error: &Error,
) -> fmt::Result {
    write!(f, "refused by `{interceptor}` of `{plugin}`: {error}")
}

impl<E: fmt::Debug> std::error::Error for TryPublishError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused { error, .. } => Some(error.as_dyn()),
            Self::Stopping(_) | Self::Full(_) | Self::Store(_) => None,
        }
    }
}
