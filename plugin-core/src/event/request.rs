//! Requests: events with exactly one who answers.
//!
//! A request goes only to the plugin whose `#[respond]` method takes it. An
//! `async fn` runs as a task of its own, so many at once as its `concurrency` says; who asks waits
//! for room. Invariants: the task of an answer does not outlive whoever waits for it, nor the
//! instance that gives it; a request in flight counts as an event that is not handled yet.

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

/// A type that `#[event("topic", answer = Answer)]` made a request of.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request",
    label = "no answer belongs to this type",
    note = "name the type of its answer: `#[event(\"some.topic\", answer = Answer)]`"
)]
pub trait Request: Event {
    /// What is answered.
    type Answer: AnswerData;
}

#[diagnostic::do_not_recommend]
impl<Q: Event + Answered<Answer: AnswerData>> Request for Q {
    type Answer = <Q as Answered>::Answer;
}
