//! The routes.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use plugin_core::lifecycle::{MetricsSnapshot, PluginMetrics, SystemMetrics};
use plugin_core::prelude::System;
use plugin_http::{Probes, Problem, Route};
use serde::Serialize;

use crate::exposition::{Format, Writer};
use crate::{catalogue, figures};

/// All routes.
pub(crate) fn router(system: &System) -> Router {
    let own = [
        Route::new("GET /metrics", get(metrics).with_state(system.clone())),
        Route::new("GET /metrics.json", get(json).with_state(system.clone())),
    ];
    let all = own.into_iter().chain(Probes::of(system.clone()).routes());
    assemble(all).fallback(nothing)
}

/// The router for connections for which there is no room.
pub(crate) fn spare(system: &System) -> Router {
    let probes = Probes::of(system.clone()).routes().into_iter();
    assemble(probes).fallback(async || {
        Problem::unavailable(
            "there is no room for one more connection: `max_connections` have a request that is \
             being answered",
        )
    })
}

fn assemble(routes: impl Iterator<Item = Route>) -> Router {
    routes.fold(Router::new(), |router, route| {
        router.route(route.path(), route.handler)
    })
}

async fn nothing(uri: Uri) -> Problem {
    let detail = format!(
        "there is nothing at `{}`: ask for `/metrics`, `/metrics.json`, `/livez`, `/healthz`, \
         `/readyz` or `/startupz`",
        uri.path()
    );
    Problem::new(StatusCode::NOT_FOUND, detail)
}

async fn metrics(State(system): State<System>, headers: HeaderMap) -> Result<Response, Problem> {
    answer(&system, Format::asked(&headers)).await
}

async fn json(State(system): State<System>) -> Result<Response, Problem> {
    answer(&system, Format::Json).await
}

async fn answer(system: &System, format: Format) -> Result<Response, Problem> {
    let snapshot = match format {
        Format::Json => system.metrics(),
        _ => figures::with_stock(system).await,
    };
    let snapshot = snapshot.ok_or_else(|| Problem::unavailable("the system has stopped"))?;
    let text = match format {
        Format::Json => structs(&snapshot)?,
        format => {
            let mut writer = Writer::new(format);
            catalogue::write(&snapshot, &mut writer);
            writer.finish()
        }
    };
    let headers = [
        (header::CONTENT_TYPE, format.content_type()),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept"),
    ];
    Ok((headers, text).into_response())
}

/// The values as JSON.
#[derive(Serialize)]
struct Structs<'a> {
    system: &'a SystemMetrics,
    plugins: Vec<PluginMetrics>,
}

fn structs(snapshot: &MetricsSnapshot) -> Result<String, Problem> {
    let structs = Structs {
        system: &snapshot.system,
        plugins: snapshot.plugins().collect(),
    };
    serde_json::to_string(&structs).map_err(|error| {
        tracing::error!(%error, "figures can't be written");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "figures can't be written",
        )
    })
}
