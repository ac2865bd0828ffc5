//! Whether the process lives, and whether it is ready.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use serde::Serialize;
use serde_json::{Value, json};

use super::Route;
use plugin_http::Problem;

pub(super) const ALIVE: &str = "GET /healthz";
pub(super) const READY: &str = "GET /readyz";

/// A plugin that does not serve, or not yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct NotReady {
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// What it does instead.
    pub(crate) state: String,
    /// Why, if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl NotReady {
    fn told(&self) -> String {
        match &self.reason {
            Some(reason) => format!("`{}`: {reason}", self.plugin),
            None => format!("`{}`", self.plugin),
        }
    }
}

/// Tells who is not ready.
pub(crate) type Readiness = Arc<dyn Fn() -> Vec<NotReady> + Send + Sync>;

pub(super) fn routes(readiness: &Readiness) -> Vec<Route> {
    vec![
        Route::new(ALIVE, get(alive)),
        Route::new(READY, get(ready).with_state(Arc::clone(readiness))),
    ]
}

async fn alive() -> Json<Value> {
    Json(json!({"status": "alive"}))
}

async fn ready(State(readiness): State<Readiness>) -> Result<Json<Value>, Problem> {
    let missing = readiness();
    if missing.is_empty() {
        return Ok(Json(json!({"status": "ready"})));
    }
    let told: Vec<_> = missing.iter().map(NotReady::told).collect();
    let detail = format!("not ready: {}", told.join("; "));
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with("plugins", json!(missing)))
}
