//! Events: the event types, the events that wait for durable handlers, and publishing.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Json};
use plugin_core::Descriptor;
use plugin_core::event::Pattern;
use plugin_core::lifecycle::StoredSubscription;
use plugin_core::prelude::JsonSchema;
use plugin_http::{JsonBody, Problem};
use schemars::SchemaGenerator;
use serde::Serialize;
use serde_json::Value;

use super::Backends;
use crate::access::{Caller, Right};
use crate::route::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "GET /v1/events",
            "The events of this build: who publishes them, who handles them, their schema",
            get(list),
        )
        .needs(Right::StateRead)
        .answers::<EventList>(),
        Route::new(
            "POST /v1/events/{topic}",
            "Publish an event, in the name of the program itself",
            post(publish),
        )
        .needs(Right::Operate)
        .takes::<Value>()
        .answers::<Published>(),
        Route::new(
            "GET /v1/queue",
            "What is stored for each durable handler",
            get(queue),
        )
        .needs(Right::StateRead)
        .answers::<Queue>(),
    ]
}

/// The event types of this build.
#[derive(Serialize, JsonSchema)]
struct EventList {
    events: Vec<EventView>,
}

/// An event type of this build.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Event")]
struct EventView {
    topic: &'static str,
    description: &'static str,
    /// Whether it is a request, which a responder answers and which can't be published.
    is_request: bool,
    /// Plugins that publish it by its type.
    publishers: Vec<&'static str>,
    /// Handlers that handle it now.
    handlers: Vec<EventHandler>,
    /// JSON Schema of its data.
    schema: Value,
}

/// A handler of an event type.
#[derive(Serialize, JsonSchema)]
struct EventHandler {
    plugin: &'static str,
    handler: &'static str,
}

async fn list(State(backends): State<Backends>) -> Json<EventList> {
    let plugins = backends.system.plugins();
    let handlers = backends.system.handlers();
    let mut events = backends.system.events();
    events.sort_by_key(|event| event.topic);
    let views = events.into_iter().map(|event| {
        let topic = event.topic;
        let publishes = |plugin: &&Descriptor| plugin.publishes().any(|it| it.topic == topic);
        let hears = |listened: &str| {
            listened == topic || Pattern::parse(listened).is_ok_and(|it| it.matches(topic))
        };
        EventView {
            topic,
            description: event.description,
            is_request: event.answer.is_some(),
            publishers: plugins
                .iter()
                .copied()
                .filter(publishes)
                .map(|it| it.name)
                .collect(),
            handlers: (handlers.iter().filter(|it| hears(&it.topic)))
                .map(|it| EventHandler {
                    plugin: it.plugin,
                    handler: it.handler,
                })
                .collect(),
            schema: schema(event),
        }
    });
    Json(EventList {
        events: views.collect(),
    })
}

fn schema(event: &plugin_core::event::EventDescriptor) -> Value {
    let mut generator = SchemaGenerator::default();
    let mut schema = event.schema(&mut generator).to_value();
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        schema["$defs"] = definitions.into();
    }
    schema
}

/// An event that was published.
#[derive(Serialize, JsonSchema)]
struct Published {
    /// Its topic.
    published: String,
}

async fn publish(
    State(backends): State<Backends>,
    Extension(caller): Extension<Caller>,
    Path(topic): Path<String>,
    body: JsonBody,
) -> Result<Json<Published>, Problem> {
    let operator = backends.operator(&caller)?;
    let events = backends.system.events();
    if !events.iter().any(|event| event.topic == topic) {
        let detail = format!("no plugin of this build knows the type `{topic}`");
        let topics: Vec<_> = events.iter().map(|event| event.topic).collect();
        return Err(Problem::new(StatusCode::NOT_FOUND, detail).with("topics", topics));
    }
    operator
        .publish(&topic, body.text(), backends.patience)
        .await?;
    Ok(Json(Published { published: topic }))
}

/// The events that are stored for durable handlers.
#[derive(Serialize, JsonSchema)]
struct Queue {
    subscriptions: Vec<StoredSubscription>,
}

async fn queue(State(backends): State<Backends>) -> Result<Json<Queue>, Problem> {
    let stock = backends.system.stock().await;
    let stock = stock.map_err(|error| Problem::unavailable(error.to_string()))?;
    let stored = backends.system.configured(|composition, settings| {
        let stock = stock.into_iter();
        let stored = stock.map(|stock| StoredSubscription::of(stock, composition, settings));
        stored.filter(|one| !one.is_void()).collect()
    });
    Ok(Json(Queue {
        subscriptions: stored.unwrap_or_default(),
    }))
}
