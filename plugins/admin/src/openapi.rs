//! The description of the interface in OpenAPI 3.2, made from the table of routes.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::route::{Content, Route};

const SCHEMAS: &str = "/components/schemas";

/// The document that describes some routes.
pub(crate) fn document(routes: &[Route]) -> Value {
    let mut writer = Writer {
        taken: generator(SchemaSettings::for_deserialize),
        answered: generator(SchemaSettings::for_serialize),
    };
    let mut paths = Map::new();
    for route in routes {
        let (method, path) = route.parts();
        let operations = paths.entry(path).or_insert_with(|| json!({}));
        operations[method.to_ascii_lowercase()] = writer.operation(route);
    }
    json!({
        "openapi": "3.2.0",
        "info": {
            "title": "Management API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Operates a running service. Over the Unix socket in the data folder \
                            the owner needs no token; over TCP every request does.",
        },
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": writer.schemas(),
            "responses": {"Problem": problem()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn generator(contract: fn(SchemaSettings) -> SchemaSettings) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = SCHEMAS.into();
        settings.meta_schema = None;
    });
    contract(settings).into_generator()
}

/// The description so far. The schema of a type for reading may differ from that for writing.
struct Writer {
    taken: SchemaGenerator,
    answered: SchemaGenerator,
}

impl Writer {
    fn operation(&mut self, route: &Route) -> Value {
        let mut operation = json!({
            "operationId": operation_id(route),
            "summary": route.summary,
            "parameters": self.parameters(route),
            "responses": self.responses(route),
        });
        if let Some(right) = route.right {
            operation["description"] = json!(format!("Needs the right `{right}`."));
            operation["x-right"] = json!(right);
        }
        if let Some(body) = route.body {
            let schema = body(&mut self.taken);
            let content = json!({"application/json": {"schema": schema}});
            operation["requestBody"] = json!({"required": true, "content": content});
        }
        operation
    }

    fn parameters(&mut self, route: &Route) -> Vec<Value> {
        let (_, path) = route.parts();
        let parts = path.split('/').filter_map(|part| {
            let name = part.strip_prefix('{')?.strip_suffix('}')?;
            let words = route.words.as_ref().filter(|(part, _)| *part == name);
            let schema = match words {
                Some((_, words)) => json!({"type": "string", "enum": words}),
                None => json!({"type": "string", "minLength": 1}),
            };
            Some(json!({"name": name, "in": "path", "required": true, "schema": schema}))
        });
        let mut parameters: Vec<_> = parts.collect();
        parameters.extend(route.headers.iter().map(|name| {
            let schema = json!({"type": "string"});
            json!({"name": name, "in": "header", "required": true, "schema": schema})
        }));
        if let Some(query) = route.query {
            let schema = query(&mut self.taken);
            parameters.extend(keys(&schema));
        }
        parameters
    }

    fn responses(&mut self, route: &Route) -> Value {
        let mut responses = Map::new();
        for (status, content) in &route.answers {
            let mut response = json!({"description": "Done."});
            if *status == 202 {
                response["description"] = json!("It goes on after this answer.");
            }
            match content {
                Content::Json(schema) => {
                    let schema = schema(&mut self.answered);
                    response["content"] = json!({"application/json": {"schema": schema}});
                }
                Content::Events(schema) => {
                    let item = self.event(*schema);
                    response["content"] = json!({"text/event-stream": {"itemSchema": item}});
                }
                Content::Other(kind) => response["content"] = json!({*kind: {}}),
                Content::Nothing => {}
            }
            responses.insert(status.to_string(), response);
        }
        responses.insert(
            "default".to_owned(),
            json!({"$ref": "#/components/responses/Problem"}),
        );
        Value::Object(responses)
    }

    /// The schema of an event in a stream: its data is text that contains JSON.
    fn event(&mut self, schema: fn(&mut SchemaGenerator) -> Schema) -> Value {
        json!({
            "type": "object",
            "required": ["data"],
            "properties": {
                "id": {"type": "string"},
                "event": {"type": "string"},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": schema(&mut self.answered),
                },
            },
        })
    }

    fn schemas(&mut self) -> Map<String, Value> {
        let mut schemas = self.taken.take_definitions(true);
        for (name, schema) in self.answered.take_definitions(true) {
            let before = schemas.insert(name.clone(), schema.clone());
            assert!(
                before.is_none_or(|before| before == schema),
                "two types of the interface are called `{name}`"
            );
        }
        schemas
    }
}

/// The keys of an object as query parameters.
fn keys(schema: &Schema) -> Vec<Value> {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|it| it == name));
    let parameters = properties.unwrap_or(&empty).iter().map(|(name, schema)| {
        let mut schema = schema.clone();
        let description = (schema.as_object_mut()).and_then(|it| it.remove("description"));
        let mut parameter = json!({
            "name": name,
            "in": "query",
            "required": is_required(name),
            "schema": schema,
        });
        if let Some(description) = description {
            parameter["description"] = description;
        }
        parameter
    });
    parameters.collect()
}

/// `get_plugins_plugin` of `GET /v1/plugins/{plugin}`.
fn operation_id(route: &Route) -> String {
    let (method, path) = route.parts();
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let words = path.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    let method = method.to_ascii_lowercase();
    let words: Vec<_> = [method.as_str()].into_iter().chain(words).collect();
    words.join("_")
}

/// A refusal, RFC 9457.
fn problem() -> Value {
    let text = || json!({"type": "string"});
    let schema = json!({
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": text(),
            "title": text(),
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What is wrong, and often what to do."},
            "remedy": {"type": "string", "description": "What to do."},
            "right": {"type": "string", "description": "The right that the caller has not got."},
            "key": {"type": "string", "description": "The place in the body that is wrong."},
        },
    });
    json!({
        "description": "It was refused, or has failed.",
        "content": {"application/problem+json": {"schema": schema}},
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::routes::table;

    use super::*;

    #[test]
    fn the_committed_document_is_that_of_the_table() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        let document = document(&table());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, format!("{document:#}\n")).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        // The order of keys depends on what else is built.
        let committed: Value = serde_json::from_str(&committed).unwrap_or_default();
        assert!(
            committed == document,
            "`docs/openapi.json` describes another interface: write it anew with \
             `UPDATE_DOCS=1 cargo test -p plugin-admin openapi`"
        );
    }

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Page {
        /// Most rows.
        limit: Option<u16>,
        topic: String,
    }

    #[test]
    fn a_query_and_a_stream_are_described() {
        let handler = axum::routing::get(async || ());
        let route = Route::new("GET /v1/x/{name}", "Looks", handler)
            .query::<Page>()
            .streams::<u64>();
        let document = document(&[route]);
        let operation = &document["paths"]["/v1/x/{name}"]["get"];
        let parameters = operation["parameters"].as_array().unwrap();
        let told = parameters
            .iter()
            .map(|it| (&it["name"], &it["in"], &it["required"]));
        let told: Vec<_> = told.collect();
        let expected = [
            ("name", "path", true),
            ("limit", "query", false),
            ("topic", "query", true),
        ];
        let expected = expected.map(|(name, place, is)| (json!(name), json!(place), json!(is)));
        assert_eq!(
            told,
            expected
                .iter()
                .map(|(a, b, c)| (a, b, c))
                .collect::<Vec<_>>()
        );
        assert_eq!(parameters[1]["description"], "Most rows.");
        let item = &operation["responses"]["200"]["content"]["text/event-stream"]["itemSchema"];
        assert_eq!(item["required"], json!(["data"]));
        assert_eq!(
            item["properties"]["data"]["contentSchema"]["type"],
            "integer"
        );
    }

    #[test]
    fn each_route_says_what_it_does_and_what_it_answers() {
        let table = table();
        for route in &table {
            assert!(!route.summary.is_empty(), "{}", route.name);
            assert!(!route.answers.is_empty(), "{}", route.name);
            let (method, _) = route.parts();
            let is_free = matches!(
                route.name,
                "GET /v1" | "GET /v1/openapi.json" | "GET /v1/stream"
            );
            assert!(is_free || route.right.is_some(), "{}", route.name);
            assert!(
                method == "GET" || method == "DELETE" || route.body.is_some(),
                "{}",
                route.name
            );
        }
        let mut ids: Vec<_> = table.iter().map(operation_id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), table.len(), "{ids:?}");
    }
}
