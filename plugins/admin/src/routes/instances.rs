//! The instances as rows with their present activity, and their activity in the last hour.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use plugin_core::InstanceName;
use plugin_core::config::Limit;
use plugin_core::event::{BreakerStatus, HandlerReport};
use plugin_core::lifecycle::{NextAttempt, PluginStatus, State as Life};
use plugin_core::prelude::JsonSchema;
use plugin_http::{Params, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Backends, wanted};
use crate::access::Right;
use crate::live::HandlerRates;
use crate::live::series::{History, Series, known};
use crate::route::Route;

/// Most rows in one answer; the default limit.
const MOST: usize = 1000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "GET /v1/instances",
            "What each instance is and does now, in start order",
            get(list),
        )
        .needs(Right::StateRead)
        .query::<InstanceQuery>()
        .answers::<InstanceList>(),
        Route::new(
            "GET /v1/instances/{instance}",
            "One instance with its handlers, limits and history",
            get(show),
        )
        .needs(Right::StateRead)
        .answers::<InstanceDetail>(),
        Route::new(
            "GET /v1/history/{instance}",
            "What an instance did: the last two minutes by seconds, the last hour by half minutes",
            get(history),
        )
        .needs(Right::StateRead)
        .answers::<InstanceHistory>(),
    ]
}

/// Selects rows and fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InstanceQuery {
    /// The fields of a row, separated by commas; by default, all.
    fields: Option<String>,
    /// Most rows, up to 1,000.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// The `next` of the previous answer.
    cursor: Option<String>,
}

/// Some instances, in start order.
#[derive(Debug, Serialize, JsonSchema)]
struct InstanceList {
    /// One row for each instance, with the selected fields.
    #[schemars(with = "Vec<InstanceRow>")]
    instances: Vec<Value>,
    /// Number of instances.
    total: usize,
    /// The `cursor` for the next page; `null` on the last one.
    next: Option<&'static str>,
}

/// The state and the activity of an instance. Rates are those of the last second, and `null` if
/// they are not known, as in the first second of a life.
#[derive(Debug, Serialize, JsonSchema)]
struct InstanceRow {
    /// Name of the instance.
    instance: &'static str,
    /// Name of its plugin.
    plugin: &'static str,
    /// `system`, `business` or `middleware`.
    kind: &'static str,
    /// Version of the plugin.
    version: String,
    /// Its state.
    state: Life,
    /// Whether it serves.
    ready: bool,
    /// The reason why it does not run, or does not serve as it should.
    cause: Option<String>,
    /// The start that the manager has planned.
    next: Option<NextAttempt>,
    /// How long it has been in this state.
    in_state_ms: u64,
    /// How long it has been running; 0 if it does not run.
    uptime_ms: u64,
    /// How often it was restarted.
    restarts: u32,
    /// Number of its running tasks.
    tasks: usize,
    /// Events that wait in its mailbox.
    queued: usize,
    /// Most events that can wait in its mailbox.
    queue_capacity: usize,
    /// Processors that it kept busy.
    cpu: Option<f32>,
    /// Bytes that it has allocated; `null` if no allocator counts them.
    memory: Option<u64>,
    /// Events with which its handlers were called.
    #[serde(rename = "in")]
    received: Count,
    /// Events that it published.
    out: Count,
    /// Calls of its handlers that failed.
    errors: Count,
    /// Median duration of its timed calls in the last minute, in microseconds.
    p50_us: Option<f32>,
    /// 99th percentile of these durations.
    p99_us: Option<f32>,
    /// The text of its last failure.
    last_error: Option<String>,
}

/// A count and its rate.
#[derive(Debug, Serialize, JsonSchema)]
struct Count {
    total: u64,
    per_second: Option<f32>,
}

impl InstanceRow {
    fn of(status: &PluginStatus, series: Option<&Series>) -> Self {
        let sample = series.and_then(Series::rates);
        let (p50_us, p99_us) = series.map_or((f32::NAN, f32::NAN), Series::quantiles);
        let in_state_ms = millis(status.in_state);
        let is_running = status.state == Life::Running;
        let count = |total, rate: Option<f32>| Count {
            total,
            per_second: rate.and_then(known),
        };
        let cause = match status.state {
            Life::Failed => status.last_error.as_deref(),
            _ => status.health.reason(),
        };
        Self {
            instance: status.name,
            plugin: InstanceName::of(status.name).plugin,
            kind: status.kind.as_str(),
            version: status.version.clone(),
            state: status.state,
            ready: status.ready,
            cause: cause.map(str::to_owned),
            next: status.next_attempt,
            in_state_ms,
            uptime_ms: if is_running { in_state_ms } else { 0 },
            restarts: status.restarts,
            tasks: status.tasks,
            queued: status.queued,
            queue_capacity: status.queue_capacity,
            cpu: sample.and_then(|sample| known(sample.cpu)),
            memory: status.memory,
            received: count(status.events.received, sample.map(|sample| sample.received)),
            out: count(
                status.events.published,
                sample.map(|sample| sample.published),
            ),
            errors: count(status.events.errors, sample.map(|sample| sample.errors)),
            p50_us: known(p50_us),
            p99_us: known(p99_us),
            last_error: status.last_error.clone(),
        }
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

async fn list(
    State(backends): State<Backends>,
    Params(query): Params<InstanceQuery>,
) -> Result<Json<InstanceList>, Problem> {
    let plugins = backends.system.status().plugins;
    let from = match &query.cursor {
        None => 0,
        Some(cursor) => match plugins.iter().position(|plugin| plugin.name == *cursor) {
            Some(at) => at,
            None => return Err(gone(cursor)),
        },
    };
    let limit = wanted(query.limit, MOST)?;
    let fields: Option<Vec<&str>> =
        (query.fields.as_deref()).map(|fields| fields.split(',').collect());
    let (total, rest) = (plugins.len(), &plugins[from..]);
    let (shown, next) = rest.split_at(limit.min(rest.len()));
    let instances = backends.live.with(|series| {
        let rows = shown.iter();
        let rows = rows.map(|plugin| InstanceRow::of(plugin, series.get(plugin.name)));
        rows.map(|row| chosen(&row, fields.as_deref())).collect()
    });
    Ok(Json(InstanceList {
        instances: Result::from_iter::<Vec<Result<Value, Problem>>>(instances)?,
        total,
        next: next.first().map(|plugin| plugin.name),
    }))
}

/// A row with the selected fields.
fn chosen(row: &InstanceRow, fields: Option<&[&str]>) -> Result<Value, Problem> {
    let value = serde_json::to_value(row)
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let (Some(fields), Value::Object(mut row)) = (fields, value.clone()) else {
        return Ok(value);
    };
    let mut kept = Map::new();
    for (at, field) in fields.iter().enumerate() {
        if fields[..at].contains(field) {
            let detail = format!("`fields` names `{field}` twice: name each field once");
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail).with("key", "fields"));
        }
        let Some((name, value)) = row.remove_entry(*field) else {
            let known: Vec<_> = value
                .as_object()
                .into_iter()
                .flat_map(Map::keys)
                .cloned()
                .collect();
            let detail = format!(
                "a row has no field `{field}`: it has `{}`",
                known.join("`, `")
            );
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail)
                .with("key", "fields")
                .with("fields", known));
        };
        kept.insert(name, value);
    }
    Ok(Value::Object(kept))
}

fn gone(cursor: &str) -> Problem {
    let detail = format!("the instance `{cursor}` of the cursor is gone: begin without `cursor`");
    Problem::new(StatusCode::CONFLICT, detail).with("key", "cursor")
}

/// One instance.
#[derive(Debug, Serialize, JsonSchema)]
struct InstanceDetail {
    #[serde(flatten)]
    row: InstanceRow,
    /// The counters of its handlers so far.
    handlers: Vec<HandlerReport>,
    /// The activity of its handlers in the last second.
    rates: Vec<HandlerRates>,
    /// The limits on its resources: the configured limit, how it is enforced, and whether the means
    /// for that were found.
    limits: Vec<Limit>,
    /// The circuit breakers of its handlers.
    breakers: Vec<BreakerStatus>,
    /// Its activity by seconds, and by half minutes.
    history: [History; 2],
}

async fn show(
    State(backends): State<Backends>,
    Path(instance): Path<String>,
) -> Result<Json<InstanceDetail>, Problem> {
    let status = find(&backends, &instance)?;
    let (row, history) = backends.live.with(|series| {
        let series = series.get(status.name);
        let history = series.map_or_else(|| Series::new().history(), Series::history);
        (InstanceRow::of(&status, series), history)
    });
    let mut handlers = backends.system.handlers();
    handlers.retain(|handler| handler.plugin == status.name);
    Ok(Json(InstanceDetail {
        row,
        handlers,
        rates: backends.live.handlers(Some(status.name)),
        limits: status.limits,
        breakers: status.breakers,
        history,
    }))
}

/// The activity of an instance.
#[derive(Debug, Serialize, JsonSchema)]
struct InstanceHistory {
    /// Name of the instance.
    instance: &'static str,
    /// By seconds, and by half minutes.
    history: [History; 2],
}

async fn history(
    State(backends): State<Backends>,
    Path(instance): Path<String>,
) -> Result<Json<InstanceHistory>, Problem> {
    let instance = find(&backends, &instance)?.name;
    let history = backends.live.of(instance, Series::history);
    Ok(Json(InstanceHistory {
        instance,
        history: history.unwrap_or_else(|| Series::new().history()),
    }))
}

fn find(backends: &Backends, name: &str) -> Result<PluginStatus, Problem> {
    let mut plugins = backends.system.status().plugins;
    match plugins.iter().position(|plugin| plugin.name == name) {
        Some(at) => Ok(plugins.swap_remove(at)),
        None => Err(backends.absent(name.to_owned())),
    }
}
