//! Typed events: declared once, published through a table that is swapped as a whole.

mod addressee;
mod any;
mod backlog;
mod batch;
mod bell;
mod binder;
mod bindings;
mod breaker;
mod bus;
mod caller;
mod dead_letters;
mod decode;
mod descriptor;
mod dispatch;
mod distinct;
mod durable;
mod envelope;
mod epoch;
mod failing;
mod group;
mod handler;
mod idempotency;
mod inline;
mod jitter;
mod job;
mod lane;
mod lanes;
mod mailbox;
mod middleware;
mod outcome;
mod pattern;
mod publication;
mod publish;
mod publish_all;
mod publisher;
mod publishing;
mod queued;
mod received;
mod record;
mod request;
mod room;
mod route;
mod rules;
mod sampling;
mod series;
mod shared;
#[expect(unsafe_code, reason = "linkme puts the service into a link section")]
pub mod store;
mod subject;
mod subscriber;
mod table;
mod tally;
mod target;
mod ticket;
mod worker;

pub use any::{AnyEvent, SharedEvent};
#[doc(hidden)]
pub use batch::IntoBatchOutcome;
pub use batch::{Batch, BatchOutcome};
pub use binder::Binder;
pub use breaker::{BreakerState, BreakerStatus};
pub use bus::Bus;
#[doc(hidden)]
pub use caller::Handler;
pub use dead_letters::{
    DeadLetter, DeadLetterId, DeadLetterIdError, DeadLetterPage, DeadLetterQuery, DeadLetterStore,
    DeadLetters,
};
pub use descriptor::{Declared, DecodeError, Event, EventData, EventDescriptor};
pub use envelope::{Envelope, EventId};
pub use handler::HandlerReport;
pub use idempotency::{IdempotencyKey, InvalidKey};
pub use middleware::{Delivered, Delivery, Interceptors, MiddlewareReport, Patch};
pub use outcome::{HandlerOutcome, PublishAllError, PublishError, TryPublishError};
pub use pattern::{Pattern, PatternError};
pub use publisher::{Publisher, Publishers};
pub use received::Received;
#[doc(hidden)]
pub use request::Answered;
pub use request::{
    AnswerData, AnswerDescriptor, Desks, Request, RequestError, Requester, Requesters,
};
pub use store::EventStore;
pub use subject::{Subject, SubjectField};
pub use subscriber::{Subscriber, SubscriptionHandle};

pub(crate) use backlog::Pending;
pub(crate) use bindings::Bindings;
pub(crate) use breaker::Breaker;
pub(crate) use dead_letters::ReplayError;
pub(crate) use durable::{Deliveries, ask};
pub(crate) use envelope::Meta;
pub(crate) use epoch::DEEPEST;
pub(crate) use mailbox::Mailbox;
pub(crate) use record::Record;
pub(crate) use request::Reception;
pub(crate) use shared::Shared;
pub(crate) use tally::{Tally, Total};
pub(crate) use worker::Worker;
