//! The refusal of an event by an interceptor.

use crate::error::{Error, PublishError, TryPublishError};

/// The plugin that refused an event, and the reason.
#[derive(Debug)]
pub(in crate::event) struct Refusal {
    pub(in crate::event) plugin: &'static str,
    pub(in crate::event) interceptor: &'static str,
    pub(in crate::event) error: Error,
}

impl Refusal {
    /// The same, with the event that the publisher gets back.
    pub(in crate::event) fn of<E>(self, event: E) -> TryPublishError<E> {
        TryPublishError::Refused {
            event,
            plugin: self.plugin,
            interceptor: self.interceptor,
            error: self.error,
        }
    }
}

impl From<Refusal> for PublishError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused {
            plugin: refusal.plugin,
            interceptor: refusal.interceptor,
            error: refusal.error,
        }
    }
}
