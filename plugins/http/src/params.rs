//! The query of a request as a type.

use axum::extract::{FromRequestParts, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The query of a request as a `T`. A query that can't be read is refused with 400.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = Query::try_from_uri(&parts.uri);
        read.map(|Query(read)| Self(read)).map_err(|refusal| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                format!("the query can't be read: {}", refusal.body_text()),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Page {
        limit: Option<u16>,
    }

    #[tokio::test]
    async fn a_query_is_read_whole_or_refused() {
        let read = async |path: &str| {
            let (mut parts, ()) = Request::builder().uri(path).body(()).unwrap().into_parts();
            Params::<Page>::from_request_parts(&mut parts, &()).await
        };
        assert_eq!(read("/").await.unwrap().0.limit, None);
        assert_eq!(read("/?limit=5").await.unwrap().0.limit, Some(5));
        for path in [
            "/?limit=x",
            "/?limit=1&limit=2",
            "/?size=1",
            "/?limit=70000",
        ] {
            assert!(read(path).await.is_err(), "{path}");
        }
    }
}
