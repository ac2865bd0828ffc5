//! Who looks on at events, and handles none.

use std::sync::Arc;

use super::interest::Interest;
use super::{Subscriber, SubscriptionHandle};
use crate::error::Result;
use crate::event::payload::AnyEvent;
use crate::event::routing::bound::AnyHandler;
use crate::pattern::Pattern;

/// Lets a plugin look on at the events of others, for somebody who wants to see what happens. It takes
/// the right to subscribe; `Option<Observer>` in `init` is `None` without.
#[derive(Debug, Clone)]
pub struct Observer(Subscriber);

impl Observer {
    pub(crate) fn new(subscriber: &Subscriber) -> Self {
        Self(subscriber.clone())
    }

    /// As [`Subscriber::observe`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn observe(
        &self,
        pattern: &str,
        look: impl Fn(&AnyEvent<'_>) + Send + Sync + 'static,
    ) -> Result<SubscriptionHandle> {
        self.0.observe(pattern, look)
    }
}

impl Subscriber {
    /// Shows a function each event whose topic a pattern matches, on the publisher's task: it must be
    /// short. It sees an event as handlers do, after the interceptors have let it pass, and before any
    /// handler of the same priority that started later.
    ///
    /// An observer is no handler. The events that it sees are not counted as received by its plugin, it
    /// is in no report and no outcome, an event that only observers see counts as one without a
    /// handler, no event goes to the dead letters because of it, and no interceptor is called around
    /// it. While nobody observes a topic, its events cost nothing more.
    ///
    /// # Errors
    ///
    /// When the pattern is malformed, or the plugin may not subscribe to it, or is stopping.
    pub fn observe(
        &self,
        pattern: &str,
        look: impl Fn(&AnyEvent<'_>) + Send + Sync + 'static,
    ) -> Result<SubscriptionHandle> {
        Pattern::parse(pattern)?;
        let interest = Interest::observer(&self.0.bus, pattern);
        self.bind_for(interest, |binder| {
            // What a filter does not let through is not handled, whatever that means elsewhere.
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
