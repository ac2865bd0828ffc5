//! The audit log: who did what, from where, and with what outcome.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use plugin_core::audit::{AuditPage, AuditQuery, Outcome};
use plugin_core::config::Digest;
use plugin_core::prelude::JsonSchema;
use plugin_http::{Params, Problem};
use serde::Deserialize;

use super::{Backends, wanted};
use crate::access::Right;
use crate::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "GET /v1/audit",
            "The lines of the audit log, the newest first",
            get(list),
        )
        .needs(Right::StateRead)
        .query::<AuditParams>()
        .answers::<AuditPage>(),
    ]
}

/// Selects lines of the audit log.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AuditParams {
    /// The `next` of the previous answer.
    #[schemars(with = "Option<String>", regex(pattern = "^[0-9a-f]{64}$"))]
    before: Option<Digest>,
    /// Most lines, up to 1,000.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// Only lines whose user contains this text, or whose actor is this.
    user: Option<String>,
    /// Only lines with this action, or with an action that begins with it and a dot.
    action: Option<String>,
    /// Only lines with this outcome.
    outcome: Option<Outcome>,
    /// Only lines of this plugin.
    plugin: Option<String>,
}

async fn list(
    State(backends): State<Backends>,
    Params(asked): Params<AuditParams>,
) -> Result<Json<AuditPage>, Problem> {
    let mut query = AuditQuery::last(wanted(asked.limit, 100)?);
    query.before = asked.before;
    query.user = asked.user;
    query.action = asked.action;
    query.outcome = asked.outcome;
    query.plugin = asked.plugin;
    let page = backends.system.audit(query).await;
    let page =
        page.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(Json(page))
}
