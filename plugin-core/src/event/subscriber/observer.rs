//! Observers, which see events but do not handle them.

use std::sync::Arc;

use super::interest::Interest;
use super::{Subscriber, SubscriptionHandle};
use crate::error::Result;
use crate::event::payload::AnyEvent;
use crate::event::routing::bound::AnyHandler;
use crate::pattern::Pattern;

/// Lets a plugin observe the events of other plugins, to show them to somebody. It requires the
/// right to subscribe; without that right, `Option<Observer>` in `init` is `None`.
#[derive(Debug, Clone)]
pub struct Observer(Subscriber);

impl Observer {
    pub(crate) fn new(subscriber: &Subscriber) -> Self {
        Self(subscriber.clone())
    }

    /// Like [`Subscriber::observe`].
    ///
    /// # Errors
    ///
    /// As [`Subscriber::observe`].
    pub fn observe(
        &self,
        pattern: &str,
        look: impl Fn(&AnyEvent<'_>) + Send + Sync + 'static,
    ) -> Result<SubscriptionHandle> {
        self.0.observe(pattern, look)
    }
}

impl Subscriber {
    /// Calls a function for each event whose topic matches a pattern, on the publisher's task, so
    /// the function must be short. It gets an event as handlers do: after the interceptors have
    /// accepted it, and before any handler of the same priority that started later.
    ///
    /// An observer is not a handler. The events that it sees are not counted as received by its
    /// plugin, and it appears in no report and no outcome. An event that only observers see counts
    /// as one without a handler. No event becomes a dead letter because of an observer, and no
    /// interceptor is called around it. Observers of other topics add no cost to an event.
    ///
    /// # Errors
    ///
    /// Returns an error if the pattern is malformed, or if the plugin may not subscribe to it, or
    /// is stopping.
    pub fn observe(
        &self,
        pattern: &str,
        look: impl Fn(&AnyEvent<'_>) + Send + Sync + 'static,
    ) -> Result<SubscriptionHandle> {
        Pattern::parse(pattern)?;
        let interest = Interest::observer(&self.0.bus, pattern);
        self.bind_for(interest, |binder| {
            // An event that a filter does not accept is not handled, whatever that means elsewhere.
            let look_only = move |event: &AnyEvent<'_>| {
                look(event);
                false
            };
            binder.add_any(AnyHandler::Inline {
                core: Arc::new(binder.core()),
                filter: Some(Arc::new(look_only)),
                call: Arc::new(|_| Ok(())),
            });
        })
    }
}
