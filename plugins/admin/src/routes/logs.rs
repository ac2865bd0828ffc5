//! The last lines of the log.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use plugin_contracts::{LogLine, LogTail};
use plugin_core::InstanceName;
use plugin_core::prelude::JsonSchema;
use plugin_http::{Params, Problem};
use serde::{Deserialize, Serialize};

use super::Backends;
use crate::access::Right;
use crate::route::Route;

/// The default number of lines in one answer.
const LIMIT: usize = 100;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new("GET /v1/logs", "The last lines of the log", get(list))
            .needs(Right::StateRead)
            .query::<LogQuery>()
            .answers::<LogList>(),
    ]
}

/// Selects lines.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogQuery {
    /// The plugin or instance that wrote the lines, or to which they refer.
    plugin: Option<String>,
    /// Lines of this level and of more important ones.
    level: Option<Level>,
    /// The largest number of lines, which are the last ones; by default 100.
    limit: Option<usize>,
}

/// A level of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Lines of the log, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
struct LogList {
    lines: Vec<LogLine>,
}

impl LogQuery {
    fn admits(&self, line: &LogLine) -> bool {
        let level = match line.level {
            "error" => Level::Error,
            "warn" => Level::Warn,
            "info" => Level::Info,
            "debug" => Level::Debug,
            _ => Level::Trace,
        };
        let is_of = |plugin: &str| {
            line.plugin.as_deref().is_some_and(|name| {
                let parts = InstanceName::of(name);
                [name, parts.section, parts.plugin].contains(&plugin)
            })
        };
        self.level.is_none_or(|most| level <= most) && self.plugin.as_deref().is_none_or(is_of)
    }
}

async fn list(
    State(backends): State<Backends>,
    Params(query): Params<LogQuery>,
) -> Result<Json<LogList>, Problem> {
    let logs = backends.logs.as_ref().ok_or_else(|| {
        let detail = "no plugin that runs keeps lines of the log: turn `logger-plugin` on";
        Problem::new(StatusCode::CONFLICT, detail)
    })?;
    let mut lines = logs.after(0, usize::MAX);
    lines.retain(|line| query.admits(line));
    let limit = query.limit.unwrap_or(LIMIT);
    lines.drain(..lines.len().saturating_sub(limit));
    Ok(Json(LogList { lines }))
}
