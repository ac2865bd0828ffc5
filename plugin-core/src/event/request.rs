//! Requests: events that exactly one responder answers.
//!
//! A request goes only to the plugin whose `#[respond]` method takes it. An `async fn` runs as a
//! task of its own; its `concurrency` limits how many run at once, and further requesters wait for
//! room. Invariants: the task of an answer ends with the requester that waits for it, and with the
//! instance that runs it; a request in progress counts as an event that is not handled yet.

mod answer;
mod ask;
mod counted;
mod declared;
mod reception;
mod requester;
mod responder;
mod route;

use crate::event::descriptor::Event;

pub use answer::{AnswerData, Answered};
pub use declared::Respond;
pub(crate) use reception::Reception;
pub use reception::ResponderBinder;
pub use requester::{Requester, Requesters};

/// A type that is a request by `#[event("topic", answer = Answer)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request",
    label = "no answer belongs to this type",
    note = "name the type of its answer: `#[event(\"some.topic\", answer = Answer)]`"
)]
pub trait Request: Event {
    /// The type of the answer.
    type Answer: AnswerData;
}

#[diagnostic::do_not_recommend]
impl<Q: Event + Answered<Answer: AnswerData>> Request for Q {
    type Answer = <Q as Answered>::Answer;
}
