//! The schema that an editor would use.

use plugin_core::config::schema;
use serde_json::{Value, json};

use crate::build::BUILD;

#[test]
fn the_schema_is_that_of_this_binary() {
    let schema = schema(&BUILD);
    let names: Vec<&String> = schema["properties"]
        .as_object()
        .expect("sections")
        .keys()
        .collect();
    assert_eq!(
        names,
        [
            "database-plugin",
            "free-plugin",
            "hello-plugin",
            "logger-plugin",
            "plugin_manager",
            "user-service"
        ]
    );
    let hello = &schema["properties"]["hello-plugin"]["properties"];
    assert_eq!(hello["name"]["const"], "hello-plugin");
    assert_eq!(
        hello["config"]["properties"]["max_notifications"]["default"],
        1000
    );
    assert_eq!(hello["config"]["required"], json!(["message"]));
    let known = hello["dependencies"]["items"]["anyOf"][0]["enum"]
        .as_array()
        .expect("names");
    assert!(known.contains(&"cache-plugin".into()) && known.contains(&"logger-plugin".into()));
    let database = &schema["properties"]["database-plugin"]["properties"]["config"]["properties"];
    assert_eq!(database["password"]["writeOnly"], true);
    assert!(schema["x-topics"].is_object());
}

#[test]
fn every_reference_of_the_schema_leads_somewhere() {
    fn walk(root: &Value, schema: &Value) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let at = reference
                .strip_prefix('#')
                .expect("a reference within the schema");
            assert!(root.pointer(at).is_some(), "{reference}");
        }
        match schema {
            Value::Array(items) => items.iter().for_each(|inner| walk(root, inner)),
            Value::Object(map) => map.values().for_each(|inner| walk(root, inner)),
            _ => {}
        }
    }
    let schema = schema(&BUILD);
    walk(&schema, &schema);
}

#[test]
fn both_names_of_a_key_are_in_the_schema() {
    let schema = schema(&BUILD);
    let resources = &schema["$defs"]["Resources"]["properties"];
    assert_eq!(
        resources["goroutines"]["description"],
        "The same as `tasks`."
    );
    assert_eq!(
        resources["tasks"]["minimum"],
        resources["goroutines"]["minimum"]
    );
}
