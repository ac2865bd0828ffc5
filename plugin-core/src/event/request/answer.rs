//! What is known of an answer at compile time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Request;
use super::ask::ask;
use crate::boxed::BoxFuture;
use crate::context::Identity;
use crate::error::{DecodeError, Error, RequestError};
use crate::event::bus::Bus;
use crate::event::descriptor::erased;

/// What `#[event(…, answer = …)]` writes. It asks for nothing, as the declaration of an event does.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request",
    label = "no answer belongs to this type",
    note = "name the type of its answer: `#[event(\"some.topic\", answer = Answer)]`"
)]
pub trait Answered {
    type Answer;
}

/// Data that an answer can be made of. It is implemented for all types that can be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the answer of a request",
    label = "needs `#[derive(Serialize, Deserialize, JsonSchema)]`, owned fields, and no thread-bound ones",
    note = "derive `Serialize`, `Deserialize` and `JsonSchema` on `{Self}`"
)]
pub trait AnswerData: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static> AnswerData for T {}

/// What is known of a request's answer at compile time.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AnswerDescriptor {
    /// Path of the Rust type.
    pub type_name: fn() -> &'static str,
    schema: fn(&mut SchemaGenerator) -> Schema,
    pub(super) decode: fn(&[u8]) -> Result<Box<dyn Askable>, DecodeError>,
}

impl AnswerDescriptor {
    /// Describes the answer of `Q`.
    pub(in crate::event) const fn of<Q: Request>() -> Self {
        Self {
            type_name: std::any::type_name::<Q::Answer>,
            schema: <Q::Answer as JsonSchema>::json_schema,
            decode: decode::<Q>,
        }
    }

    /// JSON Schema of the answer.
    #[must_use]
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }
}

impl fmt::Debug for AnswerDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnswerDescriptor")
            .field(&(self.type_name)())
            .finish()
    }
}

/// A request whose type nobody names.
pub(super) trait Askable: Send {
    fn ask<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Arc<Identity>,
        limit: Duration,
    ) -> BoxFuture<'a, Result<Value, RequestError>>;
}

struct Typed<Q>(Q);

impl<Q: Request> Askable for Typed<Q> {
    fn ask<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Arc<Identity>,
        limit: Duration,
    ) -> BoxFuture<'a, Result<Value, RequestError>> {
        Box::pin(async move {
            let line = bus.exchange().line::<Q>();
            let answer = ask((bus, owner), &line, self.0, limit).await?;
            serde_json::to_value(answer).map_err(|error| RequestError::Failed {
                topic: Q::DESCRIPTOR.topic,
                error: Error::bug("the answer is no JSON").because(error),
            })
        })
    }
}

fn decode<Q: Request>(json: &[u8]) -> Result<Box<dyn Askable>, DecodeError> {
    erased::read::<Q>(json)
        .map(|request| Box::new(Typed(request)) as Box<dyn Askable>)
        .map_err(|error| DecodeError::new(Q::DESCRIPTOR.topic, error))
}
