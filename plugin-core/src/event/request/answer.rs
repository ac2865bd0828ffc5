//! Answers of requests, and requests with an erased type.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Request;
use super::ask::ask;
use super::route::RequestRoute;
use crate::boxed::BoxFuture;
use crate::context::Identity;
use crate::error::{DecodeError, Error, RequestError};
use crate::event::bus::Bus;
use crate::event::descriptor::answer::{AnswerDescriptor, Askable};
use crate::event::descriptor::{EventDescriptor, erased};

/// The output of `#[event(…, answer = …)]`. It has no bounds, like the declaration of an event.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request",
    label = "no answer belongs to this type",
    note = "name the type of its answer: `#[event(\"some.topic\", answer = Answer)]`"
)]
pub trait Answered {
    type Answer;
}

/// Data that can be an answer. It is implemented for all types that meet its bounds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the answer of a request",
    label = "needs `#[derive(Serialize, Deserialize, JsonSchema)]`, owned fields, and no thread-bound ones",
    note = "derive `Serialize`, `Deserialize` and `JsonSchema` on `{Self}`"
)]
pub trait AnswerData: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static> AnswerData for T {}

impl EventDescriptor {
    /// Turns it into the descriptor of a request.
    #[must_use]
    pub const fn request<Q: Request>(mut self) -> Self {
        self.answer = Some(AnswerDescriptor::new(
            std::any::type_name::<Q::Answer>,
            <Q::Answer as JsonSchema>::json_schema,
            decode::<Q>,
        ));
        self
    }
}

struct TypedRequest<Q>(Q);

impl<Q: Request> Askable for TypedRequest<Q> {
    fn ask<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Arc<Identity>,
        (label, limit): (&'static str, Duration),
    ) -> BoxFuture<'a, Result<Value, RequestError>> {
        Box::pin(async move {
            let route = RequestRoute::<Q>::of(bus, label);
            let answer = ask((bus, owner), &route, self.0, limit).await?;
            serde_json::to_value(answer).map_err(|error| RequestError::Failed {
                topic: Q::DESCRIPTOR.topic,
                error: Error::bug("the answer is no JSON").because(error),
            })
        })
    }
}

fn decode<Q: Request>(json: &[u8]) -> Result<Box<dyn Askable>, DecodeError> {
    erased::read::<Q>(json)
        .map(|request| Box::new(TypedRequest(request)) as Box<dyn Askable>)
        .map_err(|error| DecodeError::new(Q::DESCRIPTOR.topic, error))
}
