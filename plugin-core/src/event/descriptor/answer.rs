//! The description of a request's answer at compile time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::boxed::BoxFuture;
use crate::context::Identity;
use crate::error::{DecodeError, RequestError};
use crate::event::bus::Bus;

/// The description of a request's answer at compile time.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AnswerDescriptor {
    /// Path of the Rust type.
    pub type_name: fn() -> &'static str,
    schema: fn(&mut SchemaGenerator) -> Schema,
    pub(in crate::event) decode: fn(&[u8]) -> Result<Box<dyn Askable>, DecodeError>,
}

impl AnswerDescriptor {
    pub(in crate::event) const fn new(
        type_name: fn() -> &'static str,
        schema: fn(&mut SchemaGenerator) -> Schema,
        decode: fn(&[u8]) -> Result<Box<dyn Askable>, DecodeError>,
    ) -> Self {
        Self {
            type_name,
            schema,
            decode,
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

/// A request with an erased type.
pub(in crate::event) trait Askable: Send {
    fn ask<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Arc<Identity>,
        to: (&'static str, Duration),
    ) -> BoxFuture<'a, Result<Value, RequestError>>;
}
