//! Typed events: each is declared once, and published through a dispatch table that is replaced as
//! a whole.
//!
//! The path of an event: `publisher` accepts it; `dispatch` calls the inline handlers of its route
//! and passes it to the queued ones; `routing` says which handlers these are; `queue` keeps it
//! until its worker is free; `handler` calls the method; and `outcome` records the result.

mod bus;
mod descriptor;
mod dispatch;
mod durable;
mod handler;
mod inline;
mod interceptor;
mod outcome;
mod payload;
pub(crate) mod port;
mod publisher;
mod queue;
mod request;
mod routing;
mod subscriber;
mod uplink;

pub use crate::context::EventId;
pub use crate::error::{DecodeError, PublishAllError, PublishError, RequestError, TryPublishError};
pub use crate::idempotency::{IdempotencyKey, InvalidKey};
pub use crate::pattern::{Pattern, PatternError};
pub use bus::Bus;
pub use descriptor::answer::AnswerDescriptor;
pub use descriptor::subject::{Subject, SubjectField};
pub use descriptor::{Declared, Event, EventDescriptor};
pub use durable::store;
pub use durable::store::EventStore;
pub use handler::HandlerReport;
#[doc(hidden)]
pub use handler::caller::Handler;
pub use interceptor::{Delivered, Delivery, InterceptorReport};
pub use outcome::HandlerOutcome;
pub use outcome::breaker::{BreakerState, BreakerStatus};
pub use outcome::dead_letters::{
    DeadLetter, DeadLetterId, DeadLetterIdError, DeadLetterPage, DeadLetterQuery, DeadLetterStore,
    DeadLetters,
};
#[doc(hidden)]
pub use payload::IntoBatchOutcome;
pub use payload::{AnyEvent, Batch, BatchOutcome, Envelope, EventData, Patch, SharedEvent};
pub use publisher::received::Received;
pub use publisher::{Publisher, Publishers};
#[doc(hidden)]
pub use request::Answered;
pub use request::{AnswerData, Request, Requester, Requesters, Respond, ResponderBinder};
pub use subscriber::binder::Binder;
pub use subscriber::declared::{Interceptor, Source, Subscription};
pub use subscriber::interceptors::Interceptors;
pub use subscriber::observer::Observer;
pub use subscriber::{Subscriber, SubscriptionHandle};

pub(crate) use descriptor::unmatched::{matches_any, similar};
pub(crate) use descriptor::{kernel, linked};
pub(crate) use durable::{Deliveries, DurableDelivery, ask};
pub(crate) use outcome::backlog::Pending;
pub(crate) use outcome::breaker::CircuitBreaker;
pub(crate) use outcome::dead_letters::LetterTask;
pub(crate) use payload::{Payload, interned};
pub(crate) use publisher::announcer::DeadLetterAnnouncer;
pub(crate) use publisher::forwarded::{ask_for, publish_for};
pub(crate) use publisher::replay::ReplayError;
pub(crate) use queue::mailbox::Mailbox;
pub(crate) use queue::worker::Worker;
pub(crate) use request::Reception;
pub(crate) use subscriber::bindings::Bindings;
pub(crate) use subscriber::outside::{OutsideHandler, bind_uplink, read_event};
pub(crate) use uplink::{Asks, Uplink, UplinkOutcome};
