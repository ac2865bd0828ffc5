//! The config: the values with their origins, earlier configs, and changes.

use std::collections::BTreeMap;
use std::io;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Extension, Json};
use plugin_core::config::{Difference, Digest, Explained, Generations, KeptGeneration};
use plugin_core::lifecycle::{
    ConfigChoice, ConfigEdit, ConfigStatus, Operation, OperationError, OperationOutcome,
};
use plugin_core::prelude::JsonSchema;
use plugin_http::{JsonBody, Params, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{AcceptedOperation, Backends, Done};
use crate::access::{Caller, Right};
use crate::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "GET /v1/config",
            "The config that runs, the last that somebody tried, and the files",
            get(overview),
        )
        .needs(Right::ConfigRead)
        .answers::<ConfigView>(),
        Route::new(
            "GET /v1/config/history",
            "The configs that were applied, the oldest first",
            get(history),
        )
        .needs(Right::ConfigRead)
        .answers::<ConfigHistory>(),
        Route::new(
            "GET /v1/config/diff",
            "What is different between two configs",
            get(diff),
        )
        .needs(Right::ConfigRead)
        .query::<DiffParams>()
        .answers::<Difference>(),
        Route::new(
            "POST /v1/config/rollback",
            "Have an older config hold in the place of the files, until one of them changes",
            post(rollback),
        )
        .needs(Right::ConfigWrite)
        .operates::<RollbackOptions>(),
        Route::new(
            "GET /v1/config/{plugin}",
            "Every value of a section, and who said so; its `ETag` is for a change",
            get(show),
        )
        .needs(Right::ConfigRead)
        .answers::<SectionView>(),
        Route::new(
            "PATCH /v1/config/{plugin}",
            "Set values of a section, or forget what was set, all at once: `If-Match` has its `ETag`",
            patch(change),
        )
        .needs(Right::ConfigWrite)
        .headers(&["If-Match"])
        .takes::<Change>()
        .answers::<OperationOutcome>()
        .answers_with::<AcceptedOperation>(202),
        Route::new(
            "GET /v1/config/{plugin}/schema",
            "JSON Schema of a section",
            get(schema),
        )
        .needs(Right::ConfigRead)
        .answers::<Map<String, Value>>(),
    ]
}

/// The config as a whole.
#[derive(Serialize, JsonSchema)]
struct ConfigView {
    #[serde(flatten)]
    status: ConfigStatus,
    /// The files from which it was read.
    files: Vec<String>,
    /// The names of the sections.
    sections: Vec<&'static str>,
}

async fn overview(State(backends): State<Backends>) -> Json<ConfigView> {
    let system = &backends.system;
    let files = system.config_files().unwrap_or_default();
    let sections = system.configured(|_, settings| settings.plugins.keys().copied().collect());
    Json(ConfigView {
        status: system.status().config,
        files: files
            .paths()
            .map(|path| path.display().to_string())
            .collect(),
        sections: sections.unwrap_or_default(),
    })
}

/// The configs that were applied.
#[derive(Serialize, JsonSchema)]
struct ConfigHistory {
    generations: Vec<KeptGeneration>,
}

async fn history(State(backends): State<Backends>) -> Result<Json<ConfigHistory>, Problem> {
    let system = backends.system.clone();
    let read = move || {
        let kept = system.configured(|_, settings| Generations::of(settings));
        let files = system.config_files_now().unwrap_or_default().digest();
        kept.map_or_else(|| Ok(Vec::new()), |kept| kept.history(files))
    };
    let read = tokio::task::spawn_blocking(read).await;
    let kept = read.map_err(io::Error::other).and_then(|read| read);
    let kept = kept.map_err(|error| {
        let detail = format!("can't read the configs that were applied: {error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    })?;
    let generations = kept.into_iter().filter_map(|one| {
        one.inspect_err(|error| tracing::warn!("can't read a config: {error}"))
            .ok()
    });
    Ok(Json(ConfigHistory {
        generations: generations.collect(),
    }))
}

/// The configs to compare.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DiffParams {
    /// The older config: the number of an applied one, `running`, which is the default, or `files`.
    #[schemars(with = "Option<String>", regex(pattern = CHOICE))]
    from: Option<ConfigChoice>,
    /// The newer config, in the same form; the default is `files`.
    #[schemars(with = "Option<String>", regex(pattern = CHOICE))]
    to: Option<ConfigChoice>,
}

const CHOICE: &str = "^(running|files|[0-9]{1,18})$";

async fn diff(
    State(backends): State<Backends>,
    Params(asked): Params<DiffParams>,
) -> Result<Json<Difference>, Problem> {
    let from = asked.from.unwrap_or(ConfigChoice::Running);
    let to = asked.to.unwrap_or(ConfigChoice::Files);
    Ok(Json(backends.system.config_difference(from, to).await?))
}

/// A section.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConfigSection")]
struct SectionView {
    /// Its name.
    plugin: String,
    /// Each value with its origin. Secrets are masked.
    values: Vec<Explained>,
    /// The value for `If-Match` in a change.
    etag: String,
}

async fn show(
    State(backends): State<Backends>,
    Path(plugin): Path<String>,
) -> Result<Response, Problem> {
    let values = backends.section(&plugin, |settings| settings.explain(&plugin))?;
    let etag = backends.etag(&plugin)?;
    let view = SectionView {
        plugin,
        values,
        etag: etag.clone(),
    };
    Ok((tagged(&etag), Json(view)).into_response())
}

async fn schema(
    State(backends): State<Backends>,
    Path(plugin): Path<String>,
) -> Result<Json<Value>, Problem> {
    let schema = backends.section(&plugin, |settings| settings.schema(&plugin))?;
    Ok(Json(schema))
}

/// A change of a section.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConfigChange")]
struct Change {
    /// Values to set, by their keys in the section, such as `config.message`.
    #[serde(default)]
    set: BTreeMap<String, Value>,
    /// Keys whose values are removed, so that the values of the lower layers apply again.
    #[serde(default)]
    unset: Vec<String>,
    /// Whether the changes are only listed and not made.
    #[serde(default)]
    dry_run: bool,
}

async fn change(
    State(backends): State<Backends>,
    Extension(caller): Extension<Caller>,
    Path(plugin): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let change: Change = body.read()?;
    let now = backends.etag(&plugin)?;
    let mut edit = ConfigEdit::new();
    edit.set = change.set;
    edit.unset = change.unset;
    edit.expected = expected(&headers, &now)?;
    let name = plugin.clone();
    let operation = Operation::Configure { plugin, edit };
    let operation = match change.dry_run {
        true => Operation::Plan(Box::new(operation)),
        false => operation,
    };
    match backends.operate(&caller, "config.set", operation).await? {
        Done::Wholly(outcome) => {
            let etag = backends.etag(&name)?;
            Ok((tagged(&etag), Json(outcome)).into_response())
        }
        Done::Accepted(answer) => Ok(answer),
    }
}

/// The state that the caller has seen; `None` if any state is accepted.
fn expected(headers: &HeaderMap, now: &str) -> Result<Option<Digest>, Problem> {
    let Some(tags) = headers.get(header::IF_MATCH) else {
        let detail = "send the `ETag` of `GET /v1/config/{plugin}` as `If-Match`, so that you change \
                      what you have seen; `*` means whatever there is";
        return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, detail));
    };
    let tags = tags.to_str().unwrap_or_default();
    let mut tags = tags.split(',').map(str::trim);
    match tags.clone().find(|tag| *tag == "*" || *tag == now) {
        Some("*") => Ok(None),
        Some(tag) => Ok(tag.trim_matches('"').parse().ok()),
        None => {
            let tag = tags.find_map(|tag| tag.trim_matches('"').parse().ok());
            tag.map(Some).ok_or_else(|| {
                let detail = "`If-Match` is not the `ETag` of this config";
                Problem::new(StatusCode::PRECONDITION_FAILED, detail)
            })
        }
    }
}

/// The target of a rollback.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RollbackOptions {
    /// The number of an applied config; `null` to read the files again.
    generation: Option<u64>,
    /// Whether the changes are only listed and not made.
    #[serde(default)]
    dry_run: bool,
}

async fn rollback(
    State(backends): State<Backends>,
    Extension(caller): Extension<Caller>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let RollbackOptions {
        generation,
        dry_run,
    } = body.read()?;
    let operation = Operation::Rollback { generation };
    let operation = match dry_run {
        true => Operation::Plan(Box::new(operation)),
        false => operation,
    };
    let done = backends
        .operate(&caller, "config.rollback", operation)
        .await?;
    Ok(done.into_response())
}

impl Backends {
    /// A value from an existing section.
    fn section<T>(
        &self,
        plugin: &str,
        tell: impl FnOnce(&plugin_core::config::Settings) -> Option<T>,
    ) -> Result<T, Problem> {
        let told = self.system.configured(|_, settings| {
            tell(settings).ok_or_else(|| OperationError::Unknown {
                plugin: plugin.to_owned(),
                known: settings.plugins.keys().copied().collect(),
            })
        });
        let told = told.ok_or_else(|| Problem::unavailable("the system is stopping"))?;
        Ok(told?)
    }

    /// The entity tag of the state of a section.
    fn etag(&self, plugin: &str) -> Result<String, Problem> {
        let revision = self.section(plugin, |settings| settings.revision(plugin))?;
        Ok(format!("\"{revision}\""))
    }
}

fn tagged(etag: &str) -> HeaderMap {
    let value = HeaderValue::from_str(etag);
    let value = value.into_iter().map(|value| (header::ETAG, value));
    value.collect()
}
