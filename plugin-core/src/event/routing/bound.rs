//! A handler that is bound to its plugin: for one event type, or for all events that a pattern
//! matches.

use std::sync::Arc;

use crate::error::Result;
use crate::event::handler::{Filter, HandlerCore};
use crate::event::inline::entry::Inline;
use crate::event::payload::{AnyEvent, Carried, Envelope};
use crate::event::queue::handler::{Queued, QueuedHandler};

/// A handler of events of any type, before it is bound to the routes that its pattern matches.
#[derive(Clone)]
pub(crate) enum AnyHandler {
    Inline {
        core: Arc<HandlerCore>,
        filter: Option<AnyFilter>,
        call: Arc<dyn Fn(&AnyEvent<'_>) -> Result<()> + Send + Sync>,
    },
    Queued {
        handler: Arc<QueuedHandler>,
        filter: Option<AnyFilter>,
    },
}

pub(crate) type AnyFilter = Arc<dyn Fn(&AnyEvent<'_>) -> bool + Send + Sync>;

impl AnyHandler {
    /// The handler for one type of payload.
    pub(in crate::event) fn bind<P: Carried>(self) -> BoundHandler<P> {
        self.bind_to(|filter| filter.map(typed_filter))
    }

    /// The handler for those events only that `only` accepts.
    pub(in crate::event) fn bind_only<P: Carried>(
        self,
        only: impl Fn(&Envelope<P>) -> bool + Send + Sync + 'static,
    ) -> BoundHandler<P> {
        self.bind_to(|filter| match filter.map(typed_filter) {
            Some(filter) => Some(Box::new(move |envelope| only(envelope) && filter(envelope))),
            None => Some(Box::new(only)),
        })
    }

    fn bind_to<P: Carried>(
        self,
        typed: impl FnOnce(Option<AnyFilter>) -> Option<Filter<P>>,
    ) -> BoundHandler<P> {
        match self {
            Self::Inline { core, filter, call } => {
                BoundHandler::Inline(Inline::any(core, typed(filter), call))
            }
            Self::Queued { handler, filter } => {
                BoundHandler::Queued(Queued::new(handler, typed(filter)))
            }
        }
    }
}

fn typed_filter<P: Carried>(filter: AnyFilter) -> Filter<P> {
    Box::new(move |envelope| filter(&AnyEvent::new(envelope)))
}

/// A handler bound to one type of payload.
pub(crate) enum BoundHandler<P> {
    Inline(Inline<P>),
    Queued(Queued<P>),
}
