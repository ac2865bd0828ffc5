//! The JSON Schema of the config files of one binary, made from the types that read them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::bindings;
use super::handlers::HandlerConfig;
use super::manager::{self, ManagerConfig};
use super::plugin::PluginConfig;
use super::replicas;
use super::schedules::ScheduleConfig;
use crate::compose::Composition;
use crate::descriptor::Descriptor;
use crate::instance_name::LABEL;
use crate::registry;

/// The JSON Schema of the manager's file and of the plugins' files of this binary. It is one schema
/// for all files, because each file contains sections under their names.
///
/// Under `x-topics`, it has the topic of every linked event with the schema of its data; for a
/// request, `x-answer` is the schema of the answer.
#[must_use]
pub fn schema(composition: &Composition) -> Value {
    let mut generator = generator();
    let of_all = PluginConfig::json_schema(&mut generator).to_value();
    let mut schema = sections_with(composition, &mut generator, |plugin, generator| {
        section(of_all.clone(), plugin, generator)
    });
    let topics: Map<String, Value> = registry::events()
        .into_iter()
        .map(|event| {
            let mut schema = event.schema(&mut generator);
            if !event.description.is_empty() {
                schema.insert("description".into(), event.description.into());
            }
            if let Some(answer) = event.answer {
                let answer = answer.schema(&mut generator).to_value();
                schema.insert("x-answer".into(), answer);
            }
            (event.topic.to_owned(), schema.to_value())
        })
        .collect();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Config of plugins and their manager");
    schema["x-topics"] = topics.into();
    schema["patternProperties"] = labelled(composition);
    schema["$defs"] = generator.take_definitions(true).into();
    name_plugins(&mut schema, composition);
    name_aliases(&mut schema);
    schema
}

/// The schema that sections are checked against. The keys that all plugins have in common are
/// described only once.
pub(super) fn sections(composition: &Composition) -> Value {
    let mut generator = generator();
    let mut of_all = PluginConfig::json_schema(&mut generator).to_value();
    for own in OWN {
        of_all["properties"][own] = Value::Bool(true);
    }
    let mut schema = sections_with(composition, &mut generator, own_keys);
    let mut definitions = generator.take_definitions(true);
    definitions.insert(OF_ALL.to_owned(), of_all);
    schema["$defs"] = definitions.into();
    schema
}

/// The keys of a section that differ between plugins.
const OWN: [&str; 6] = [
    "config",
    "handlers",
    "name",
    "requests",
    "schedules",
    "services",
];

/// The name in `$defs` under which the common keys are described. No type has such a name.
const OF_ALL: &str = "every plugin";

/// The section of one plugin: its own keys in addition to the common ones.
fn own_keys(plugin: &'static Descriptor, generator: &mut SchemaGenerator) -> Value {
    let own = OWN.map(|key| {
        let schema = match key {
            "config" => config(plugin, generator),
            "handlers" => handlers(plugin, generator),
            "schedules" => schedules(plugin, generator),
            "services" | "requests" => taken(plugin, key),
            _ => name(plugin),
        };
        (key.to_owned(), schema)
    });
    let mut schema = json!({ "unevaluatedProperties": false });
    schema["$ref"] = format!("#/$defs/{OF_ALL}").into();
    schema["properties"] = own.into_iter().collect();
    schema
}

/// The schema of one section, of a plugin or of the manager.
pub(super) fn of(plugin: Option<&'static Descriptor>) -> Value {
    let mut generator = generator();
    let mut schema = match plugin {
        Some(plugin) => {
            let all = PluginConfig::json_schema(&mut generator).to_value();
            section(all, plugin, &mut generator)
        }
        None => ManagerConfig::json_schema(&mut generator).to_value(),
    };
    schema["$defs"] = generator.take_definitions(true).into();
    schema
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator()
}

fn sections_with(
    composition: &Composition,
    generator: &mut SchemaGenerator,
    section: impl Fn(&'static Descriptor, &mut SchemaGenerator) -> Value,
) -> Value {
    let mut properties = Map::new();
    let manager = ManagerConfig::json_schema(generator).to_value();
    properties.insert(manager::ROOT.to_owned(), manager);
    for plugin in composition.plugins() {
        properties.insert(plugin.name.to_owned(), section(plugin, generator));
    }
    keys(properties)
}

/// The section of one plugin: the keys that the kernel reads, and the plugin's own `config`.
fn section(
    mut schema: Value,
    plugin: &'static Descriptor,
    generator: &mut SchemaGenerator,
) -> Value {
    schema["properties"]["config"] = config(plugin, generator);
    schema["properties"]["handlers"] = handlers(plugin, generator);
    schema["properties"]["schedules"] = schedules(plugin, generator);
    for key in ["services", "requests"] {
        schema["properties"][key] = taken(plugin, key);
    }
    schema["properties"]["name"] = name(plugin);
    if !plugin.description.is_empty() {
        schema["description"] = plugin.description.into();
    }
    schema
}

fn config(plugin: &'static Descriptor, generator: &mut SchemaGenerator) -> Value {
    match plugin.config() {
        Some(need) => (need.schema)(generator).to_value(),
        None => json!({
            "type": "object",
            "maxProperties": 0,
            "description": format!("`{}` takes no config", plugin.name),
        }),
    }
}

fn name(plugin: &Descriptor) -> Value {
    json!({ "type": "string", "const": plugin.name })
}

/// The section of the declared schedules, by their names.
fn schedules(plugin: &'static Descriptor, generator: &mut SchemaGenerator) -> Value {
    let of_each = generator.subschema_for::<ScheduleConfig>().to_value();
    let names = plugin.schedules.iter().map(|schedule| schedule.name);
    declared(plugin, "schedules", (names, &of_each))
}

/// The section of the declared handlers, by their names.
fn handlers(plugin: &'static Descriptor, generator: &mut SchemaGenerator) -> Value {
    let of_each = generator.subschema_for::<HandlerConfig>().to_value();
    let names = plugin.subscriptions.iter().map(|one| one.handler);
    declared(plugin, "handlers", (names, &of_each))
}

/// The section of the services or requests that a plugin takes from one instance each, by their
/// names.
fn taken(plugin: &'static Descriptor, section: &str) -> Value {
    let taken = bindings::taken(plugin).filter(|one| one.section == section && !one.is_kernels());
    let of_each = json!({
        "type": "string",
        "description": "The instance that it is taken from, as in `database-plugin@reports`.",
    });
    let properties: Map<String, Value> = taken
        .map(|taken| (taken.name.into_owned(), of_each.clone()))
        .collect();
    let description = match properties.is_empty() {
        true => format!(
            "`{}` takes no {section} from one instance alone",
            plugin.name
        ),
        false => {
            format!("The instances that {section} are taken from; without a label by default.")
        }
    };
    let mut schema = keys(properties);
    schema["description"] = description.into();
    schema
}

/// A section with one key for each thing that a plugin declares.
fn declared(
    plugin: &Descriptor,
    what: &str,
    (names, of_each): (impl Iterator<Item = &'static str>, &Value),
) -> Value {
    let properties: Map<String, Value> = names
        .map(|name| (name.to_owned(), of_each.clone()))
        .collect();
    let description = match properties.is_empty() {
        true => format!("`{}` declares no {what}", plugin.name),
        false => format!("What differs from the {what} that the plugin declares."),
    };
    let mut schema = keys(properties);
    schema["description"] = description.into();
    schema
}

/// The schema of a section that has exactly these keys. The keys of a whole build may be among
/// them, so they are moved: `json!` would copy them.
fn keys(properties: Map<String, Value>) -> Value {
    let mut schema = json!({ "type": "object", "additionalProperties": false });
    schema["properties"] = properties.into();
    schema
}

/// Sets the names that `dependencies` and `conflicts` can contain.
fn name_plugins(schema: &mut Value, composition: &Composition) {
    let linked = composition.plugins().map(|plugin| plugin.name);
    let mut names: Vec<&str> = linked
        .chain(composition.catalogue().iter().map(|entry| entry.plugin))
        .collect();
    names.sort_unstable();
    names.dedup();
    let pattern = format!("^({})@{LABEL}$", names.join("|"));
    for plugin in composition.plugins() {
        let properties = &mut schema["properties"][plugin.name]["properties"];
        for key in ["dependencies", "conflicts"] {
            properties[key]["items"] = json!({
                "type": "string",
                "anyOf": [{ "enum": names }, { "pattern": pattern }],
            });
        }
    }
}

/// The sections of labelled instances. Each has the schema of its plugin's section.
fn labelled(composition: &Composition) -> Value {
    let plugins = composition.plugins();
    let several = plugins.filter(|plugin| replicas::singleton(plugin).is_none());
    let sections = several.map(|plugin| {
        let section = json!({ "$ref": format!("#/properties/{}", plugin.name) });
        (format!("^{}@{LABEL}$", plugin.name), section)
    });
    sections.collect::<Map<_, _>>().into()
}

/// Adds the aliases of keys as keys of their own.
fn name_aliases(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(name_aliases),
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get_mut("properties") {
                let aliases: Vec<_> = properties.iter().flat_map(aliases).collect();
                properties.extend(aliases);
            }
            map.values_mut().for_each(name_aliases);
        }
        _ => {}
    }
}

fn aliases((name, schema): (&String, &Value)) -> Vec<(String, Value)> {
    let aliases = schema.get("x-aliases").and_then(Value::as_array);
    let mut copy = schema.clone();
    if let Some(map) = copy.as_object_mut() {
        map.remove("x-aliases");
        map.insert(
            "description".to_owned(),
            format!("The same as `{name}`.").into(),
        );
    }
    aliases
        .into_iter()
        .flatten()
        .filter_map(|alias| Some((alias.as_str()?.to_owned(), copy.clone())))
        .collect()
}
