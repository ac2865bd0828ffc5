//! The states of the plugins, and the operations on them.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json};
use plugin_core::InstanceName;
use plugin_core::lifecycle::{Operation, PluginStatus};
use plugin_core::prelude::JsonSchema;
use plugin_http::{JsonBody, Problem};
use serde::Serialize;

use super::{Backends, Options};
use crate::access::{Caller, Right};
use crate::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new("GET /v1/plugins", "The state of each plugin", get(list))
            .needs(Right::StateRead)
            .answers::<PluginList>(),
        Route::new(
            "GET /v1/plugins/{plugin}",
            "The state of each instance of a plugin",
            get(show),
        )
        .needs(Right::StateRead)
        .answers::<Shown>(),
        Route::new(
            "POST /v1/plugins/{plugin}/{action}",
            "Start, stop or change a plugin",
            post(operate),
        )
        .needs(Right::Operate)
        .words("action", ACTIONS)
        .operates::<Options>(),
    ]
}

/// The plugins in start order.
#[derive(Serialize, JsonSchema)]
struct PluginList {
    plugins: Vec<PluginStatus>,
}

async fn list(State(backends): State<Backends>) -> Json<PluginList> {
    let plugins = backends.system.status().plugins;
    Json(PluginList { plugins })
}

/// All instances with this name.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PluginInstances")]
struct Shown {
    plugin: String,
    instances: Vec<PluginStatus>,
}

async fn show(
    State(backends): State<Backends>,
    Path(plugin): Path<String>,
) -> Result<Json<Shown>, Problem> {
    let mut instances = backends.system.status().plugins;
    let is_meant = |name: &str| name == plugin || InstanceName::of(name).section == plugin;
    instances.retain(|instance| is_meant(instance.name));
    if instances.is_empty() {
        return Err(backends.absent(plugin));
    }
    Ok(Json(Shown { plugin, instances }))
}

async fn operate(
    State(backends): State<Backends>,
    Path((plugin, action)): Path<(String, String)>,
    Extension(caller): Extension<Caller>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let operation = read(plugin, &action, body.read()?)?;
    let done = backends.operate(&caller, &action, operation).await?;
    Ok(done.into_response())
}

/// The operations on a plugin.
const ACTIONS: [&str; 9] = [
    "start", "stop", "restart", "reload", "load", "unload", "enable", "disable", "reset",
];

fn read(plugin: String, action: &str, options: Options) -> Result<Operation, Problem> {
    let cascade = options.cascade;
    let operation = match action {
        "stop" => return Ok(options.of(Operation::Stop { plugin, cascade })),
        "unload" => return Ok(options.of(Operation::Unload { plugin, cascade })),
        "disable" => return Ok(options.of(Operation::Disable { plugin, cascade })),
        "start" => Operation::Start { plugin },
        "restart" => Operation::Restart { plugin },
        "load" => Operation::Load { plugin },
        "enable" => Operation::Enable { plugin },
        "reload" => Operation::Reload {
            plugin: Some(plugin),
        },
        "reset" => Operation::Reset {
            plugin: Some(plugin),
        },
        other => return Err(Problem::unknown_action(other, &ACTIONS)),
    };
    Ok(options.alone(action)?.of(operation))
}
