//! A route: its handler, the right that it requires, and its description. The table of routes is
//! the source of the router, of the list in `GET /v1`, and of the description of the interface.

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;
use axum::{Extension, Router};
use plugin_core::lifecycle::OperationOutcome;
use plugin_http::Problem;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::access::{Caller, Right};
use crate::routes::{AcceptedOperation, Backends};

/// Makes the schema of a type.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The content of an answer's body.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    Json(SchemaOf),
    /// Server-sent events, with the schema of the data of one event.
    Events(SchemaOf),
    /// Content of another media type.
    Other(&'static str),
    Nothing,
}

/// A method and a path, with their handler.
pub(crate) struct Route {
    /// Its name, as `METHOD /path`.
    pub(crate) name: &'static str,
    /// A short description.
    pub(crate) summary: &'static str,
    /// The right that the caller needs; `None` if every admitted caller may use it.
    pub(crate) right: Option<Right>,
    /// The words that may replace a part of the path.
    pub(crate) words: Option<(&'static str, Vec<&'static str>)>,
    /// An object whose keys are the possible query parameters.
    pub(crate) query: Option<SchemaOf>,
    /// Headers that it reads.
    pub(crate) headers: &'static [&'static str],
    /// The body that it accepts.
    pub(crate) body: Option<SchemaOf>,
    /// Its successful answers, each with the status.
    pub(crate) answers: Vec<(u16, Content)>,
    handler: MethodRouter<Backends>,
}

impl Route {
    pub(crate) fn new(
        name: &'static str,
        summary: &'static str,
        handler: MethodRouter<Backends>,
    ) -> Self {
        Self {
            name,
            summary,
            right: None,
            words: None,
            query: None,
            headers: &[],
            body: None,
            answers: Vec::new(),
            handler,
        }
    }

    /// Callers without the right get the answer 403, which is recorded.
    pub(crate) fn needs(mut self, right: Right) -> Self {
        self.right = Some(right);
        self
    }

    /// Limits a part of its path to some words.
    pub(crate) fn words(mut self, part: &'static str, words: impl Into<Vec<&'static str>>) -> Self {
        self.words = Some((part, words.into()));
        self
    }

    /// Declares that it reads its query as an object of a type.
    pub(crate) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(T::json_schema);
        self
    }

    /// Declares the headers that it reads.
    pub(crate) fn headers(mut self, headers: &'static [&'static str]) -> Self {
        self.headers = headers;
        self
    }

    /// Declares that it accepts a JSON body.
    pub(crate) fn takes<T: JsonSchema>(mut self) -> Self {
        self.body = Some(subschema::<T>);
        self
    }

    /// Declares that it answers with JSON.
    pub(crate) fn answers<T: JsonSchema>(self) -> Self {
        self.answers_as(200, Content::Json(subschema::<T>))
    }

    /// Declares that it answers with JSON and another status than 200.
    pub(crate) fn answers_with<T: JsonSchema>(self, status: u16) -> Self {
        self.answers_as(status, Content::Json(subschema::<T>))
    }

    /// Declares that it requests an operation, and answers with the result, or that the operation
    /// continues.
    pub(crate) fn operates<Options: JsonSchema>(self) -> Self {
        self.takes::<Options>()
            .answers::<OperationOutcome>()
            .answers_with::<AcceptedOperation>(202)
    }

    /// Declares that it answers with a stream of server-sent events, whose data is JSON.
    pub(crate) fn streams<T: JsonSchema>(self) -> Self {
        self.answers_as(200, Content::Events(subschema::<T>))
    }

    pub(crate) fn answers_as(mut self, status: u16, content: Content) -> Self {
        self.answers.push((status, content));
        self
    }

    /// The method and the path of its name.
    pub(crate) fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once(' ').unwrap_or(("GET", self.name))
    }

    /// Adds it to a router.
    pub(crate) fn mount(self, router: Router, backends: &Backends) -> Router {
        let (_, path) = self.parts();
        let handler = self.handler.with_state(backends.clone());
        let handler = match self.right {
            Some(right) => handler.route_layer(from_fn_with_state(right, check)),
            None => handler,
        };
        router.route(path, handler)
    }
}

fn subschema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

async fn check(
    State(right): State<Right>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    caller.require(right)?;
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn who_has_not_the_right_is_told_which_it_is() {
        let handler = get(async || "done").route_layer(from_fn_with_state(Right::Operate, check));
        let router = Router::new().route("/", handler);
        let ask = async |rights: &[Right]| {
            let caller = Caller {
                name: "ann".into(),
                address: None,
                rights: rights.iter().copied().collect(),
            };
            let router = router.clone().layer(Extension(caller));
            let request = Request::builder().uri("/").body(Body::empty()).unwrap();
            let answer = router.oneshot(request).await.unwrap();
            let status = answer.status().as_u16();
            let body = to_bytes(answer.into_body(), 4096).await.unwrap();
            (status, String::from_utf8(body.to_vec()).unwrap())
        };
        assert_eq!(ask(&[Right::Operate]).await, (200, "done".to_owned()));
        let others = Right::ALL.map(|right| (right != Right::Operate).then_some(right));
        let others: Vec<_> = others.into_iter().flatten().collect();
        let (status, body) = ask(&others).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &body["right"]), (403, &"operate".into()), "{body}");
        assert!(
            body["remedy"].as_str().unwrap().contains("`operate`"),
            "{body}"
        );
    }
}
