//! Typed events: declared once, published through a table that is swapped as a whole.

mod addressee;
mod backlog;
mod bell;
mod binder;
mod bindings;
mod bound;
mod breaker;
mod bus;
mod caller;
mod clerk;
mod dead_letters;
mod declared;
mod decode;
mod descriptor;
mod dispatch;
mod distinct;
mod durable;
mod failing;
mod group;
mod handler;
mod inline;
mod jitter;
mod job;
pub(crate) mod kernel;
mod lane;
mod lanes;
pub(crate) mod linked;
mod mailbox;
mod middleware;
mod outcome;
mod payload;
mod publication;
mod publish;
mod publish_all;
mod publisher;
mod publishing;
mod queued;
mod received;
mod replay;
mod request;
mod room;
mod route;
mod rules;
mod sampling;
mod series;
#[expect(unsafe_code, reason = "linkme puts the service into a link section")]
pub mod store;
mod subject;
mod subscriber;
mod table;
mod target;
mod ticket;
mod topics;
mod unmatched;
mod worker;

pub use crate::context::EventId;
pub use crate::error::{DecodeError, PublishAllError, PublishError, RequestError, TryPublishError};
pub use crate::idempotency::{IdempotencyKey, InvalidKey};
pub use crate::pattern::{Pattern, PatternError};
pub use binder::Binder;
pub use breaker::{BreakerState, BreakerStatus};
pub use bus::Bus;
#[doc(hidden)]
pub use caller::Handler;
pub use dead_letters::{
    DeadLetter, DeadLetterId, DeadLetterIdError, DeadLetterPage, DeadLetterQuery, DeadLetterStore,
    DeadLetters,
};
pub use declared::{Middleware, Respond, Source, Subscription};
pub use descriptor::{Declared, Event, EventDescriptor};
pub use handler::HandlerReport;
pub use middleware::{Delivered, Delivery, Interceptors, MiddlewareReport};
pub use outcome::HandlerOutcome;
#[doc(hidden)]
pub use payload::IntoBatchOutcome;
pub use payload::{AnyEvent, Batch, BatchOutcome, Envelope, EventData, Patch, SharedEvent};
pub use publisher::{Publisher, Publishers};
pub use received::Received;
#[doc(hidden)]
pub use request::Answered;
pub use request::{AnswerData, AnswerDescriptor, Desks, Request, Requester, Requesters};
pub use store::EventStore;
pub use subject::{Subject, SubjectField};
pub use subscriber::{Subscriber, SubscriptionHandle};

pub(crate) use backlog::Pending;
pub(crate) use bindings::Bindings;
pub(crate) use breaker::Breaker;
pub(crate) use clerk::Clerk;
pub(crate) use durable::{Deliveries, ask};
pub(crate) use mailbox::Mailbox;
pub(crate) use replay::ReplayError;
pub(crate) use request::Reception;
pub(crate) use unmatched::{matches_any, similar};
pub(crate) use worker::Worker;
