//! The interface and the whole service: the list of routes, the status of the whole system, and
//! operations on all plugins at once.

use std::sync::LazyLock;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json};
use plugin_core::lifecycle::{Operation, SystemStatus};
use plugin_core::prelude::JsonSchema;
use plugin_http::{JsonBody, Problem};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Backends, PlanOptions, table};
use crate::access::{Caller, Right, Rights};
use crate::openapi;
use crate::route::Route;

/// The version of this interface: the `v1` of its paths.
const PROTOCOL: u32 = 1;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new("GET /v1", "What answers here, and who asks", get(version)).answers::<Version>(),
        Route::new(
            "GET /v1/openapi.json",
            "The description of this interface",
            get(async || Json(&*DOCUMENT)),
        )
        .answers::<Map<String, Value>>(),
        Route::new(
            "GET /v1/status",
            "The state of the whole and of each plugin",
            get(status),
        )
        .needs(Right::StateRead)
        .answers::<SystemStatus>(),
        Route::new(
            "POST /v1/reload",
            "Read config again, and take over what has changed",
            post(reload),
        )
        .needs(Right::Operate)
        .operates::<PlanOptions>(),
        Route::new(
            "POST /v1/reset",
            "Have config decide again which plugins are on",
            post(reset),
        )
        .needs(Right::Operate)
        .operates::<PlanOptions>(),
    ]
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| openapi::document(&table()));

/// The description of the interface.
#[derive(Serialize, JsonSchema)]
struct Version {
    /// The version of the service.
    version: &'static str,
    /// The version of this interface: the `v1` of its paths.
    protocol: u32,
    /// The process of the service.
    pid: u32,
    /// The routes.
    routes: Vec<&'static str>,
    /// The caller.
    caller: CallerView,
}

/// The caller and its rights.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Caller")]
struct CallerView {
    /// The name in the audit log.
    name: String,
    /// The rights.
    rights: Rights,
}

async fn version(Extension(caller): Extension<Caller>) -> Json<Version> {
    Json(Version {
        version: env!("CARGO_PKG_VERSION"),
        protocol: PROTOCOL,
        pid: std::process::id(),
        routes: table().iter().map(|route| route.name).collect(),
        caller: CallerView {
            name: caller.name.to_string(),
            rights: caller.rights,
        },
    })
}

async fn status(State(backends): State<Backends>) -> Json<SystemStatus> {
    Json(backends.system.status())
}

async fn reload(
    State(backends): State<Backends>,
    Extension(caller): Extension<Caller>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let options = body.read::<PlanOptions>()?;
    let operation = options.of(Operation::Reload { plugin: None });
    Ok(backends
        .operate(&caller, "reload", operation)
        .await?
        .into_response())
}

async fn reset(
    State(backends): State<Backends>,
    Extension(caller): Extension<Caller>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let options = body.read::<PlanOptions>()?;
    let operation = options.of(Operation::Reset { plugin: None });
    Ok(backends
        .operate(&caller, "reset", operation)
        .await?
        .into_response())
}
