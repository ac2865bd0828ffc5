//! JSON bodies. A mistake in a body is reported with its place.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::problem::Problem;

/// Time limit for receiving a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyTime(pub(crate) Duration);

/// A body that is JSON of unknown structure.
#[derive(Debug)]
pub struct JsonBody(Bytes);

impl JsonBody {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.0
    }

    /// Reads the body, which has to be an object, as a `T`. serde would also accept a list, and
    /// assign its elements by their positions.
    ///
    /// # Errors
    ///
    /// Returns 422 with the wrong key.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        // A type with named fields would be read from a list too, by the order of its fields.
        if self.0.trim_ascii_start().starts_with(b"[") {
            let detail = "expected an object, found a list: write each value with its key, as in \
                 `{\"key\": value}`";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("key", "."));
        }
        let mut json = serde_json::Deserializer::from_slice(&self.0);
        serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let key = error.path().to_string();
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                error.into_inner().to_string(),
            )
            .with("key", key)
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "send `Content-Type: application/json`";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let bytes = read(request, state).await?;
        serde_json::from_slice::<IgnoredAny>(&bytes).map_err(|error| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                format!("the body is no JSON: {error}"),
            )
        })?;
        Ok(Self(bytes))
    }
}

/// Reads the whole body, within the time limit.
async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let limit = request.extensions().get::<BodyTime>().copied();
    let body = Bytes::from_request(request, state);
    let body = match limit {
        Some(BodyTime(limit)) => tokio::time::timeout(limit, body).await.map_err(|_| {
            let detail = format!("the body did not come within {limit:?}");
            Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
        })?,
        None => body.await,
    };
    body.map_err(|refusal| Problem::new(refusal.status(), refusal.body_text()))
}

/// Whether a head says that its body is JSON.
#[must_use]
pub fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
