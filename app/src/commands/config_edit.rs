//! `config get`, `config set` and `config unset`: the values that hold in the running service.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::operate::{self, OperationRequest};
use super::service::{self, Service};
use crate::cli::{ConfigGet, ConfigSet, ConfigShow, ConfigUnset, Place};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::table::Table;

/// A section as the service has it.
#[derive(Debug, Deserialize)]
struct Section {
    values: Vec<SectionValue>,
}

#[derive(Debug, Deserialize)]
struct SectionValue {
    key: String,
    value: Value,
    origin: Value,
}

pub(super) fn get(place: &Place, asked: &ConfigGet, out: &mut Output) -> Result<Exit, Failure> {
    let answer = match Service::of(place)?.get(&["config", &asked.plugin]) {
        Ok(answer) => answer,
        Err(failure) if failure.exit() == Exit::NoService && place.url.is_none() => {
            let values = super::config_show::values(place, &ConfigShow::of(&asked.plugin))?;
            json!({"values": values})
        }
        Err(failure) => return Err(failure),
    };
    let Section { values } = service::read(answer.clone())?;
    let Some(key) = &asked.key else {
        match out.format() {
            Format::Json => out.json(&answer["values"]),
            Format::Human => out.text(table(&values)),
        }
        return Ok(Exit::Ok);
    };
    let whole = format!("{}.{key}", asked.plugin);
    let value = values
        .into_iter()
        .find(|it| it.key == *key || it.key == whole);
    let value = value.ok_or_else(|| Failure::NoKey(asked.plugin.clone(), key.clone()))?;
    match (out.format(), &value.value) {
        (Format::Human, Value::String(text)) => out.text(text),
        (_, value) => out.json(value),
    }
    Ok(Exit::Ok)
}

fn table(values: &[SectionValue]) -> Table {
    let mut table = Table::new(&["key", "origin", "value"]);
    for value in values {
        let origin = origin(&value.origin);
        table.row([value.key.clone(), origin, value.value.to_string()]);
    }
    table
}

/// Where a value comes from, in words.
fn origin(origin: &Value) -> String {
    let text = |key: &str| origin[key].as_str().unwrap_or_default();
    let place = |name: &str| match (origin["line"].as_u64(), origin["column"].as_u64()) {
        (Some(line), Some(column)) if line > 0 => format!("{name}:{line}:{column}"),
        _ => name.to_owned(),
    };
    match text("from") {
        "file" => place(text("path")),
        "embedded" => place(&format!("embedded {}", text("name"))),
        "environment" => text("variable").to_owned(),
        "operation" => "`load` or `unload`".to_owned(),
        "set" => format!("`config set` by {} at {}", text("by"), text("at")),
        other => other.to_owned(),
    }
}

pub(super) fn set(place: &Place, asked: &ConfigSet, out: &mut Output) -> Result<Exit, Failure> {
    let settings = asked.settings.iter();
    let settings = settings.map(|it| (own_key(&asked.plugin, &it.key), it.value.clone()));
    let body = json!({"set": settings.collect::<Map<_, _>>()});
    change(place, (&asked.plugin, body, asked.dry_run), out)
}

pub(super) fn unset(place: &Place, asked: &ConfigUnset, out: &mut Output) -> Result<Exit, Failure> {
    let keys = asked.keys.iter();
    let keys: Vec<_> = keys.map(|key| own_key(&asked.plugin, key)).collect();
    change(
        place,
        (&asked.plugin, json!({"unset": keys}), asked.dry_run),
        out,
    )
}

/// A key in the section, which may be written with the section's name before it.
fn own_key(plugin: &str, key: &str) -> String {
    let own = key
        .strip_prefix(plugin)
        .and_then(|key| key.strip_prefix('.'));
    own.unwrap_or(key).to_owned()
}

fn change(
    place: &Place,
    (plugin, mut body, dry_run): (&str, Value, bool),
    out: &mut Output,
) -> Result<Exit, Failure> {
    if dry_run {
        body["dry_run"] = true.into();
    }
    let service = Service::of(place)?;
    let path = ["config", plugin];
    // What is changed is what is there now.
    let seen = service.tag(&path)?;
    let answer = service.patch(&path, seen.as_deref(), &body)?;
    let asked = OperationRequest::change(plugin, dry_run);
    operate::tell(&asked, answer, &service, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_told_as_without_a_service() {
        for (value, told) in [
            (json!({"from": "default"}), "default"),
            (
                json!({"from": "file", "path": "a.yaml", "line": 2, "column": 3}),
                "a.yaml:2:3",
            ),
            (
                json!({"from": "embedded", "name": "a", "line": 0, "column": 0}),
                "embedded a",
            ),
            (
                json!({"from": "environment", "variable": "APP__A"}),
                "APP__A",
            ),
            (
                json!({"from": "set", "by": "ann", "at": "now"}),
                "`config set` by ann at now",
            ),
        ] {
            assert_eq!(origin(&value), told);
        }
    }

    #[test]
    fn a_key_may_have_the_section_before_it() {
        assert_eq!(own_key("a", "a.config.b"), "config.b");
        assert_eq!(own_key("a", "config.b"), "config.b");
        assert_eq!(own_key("a", "ab.c"), "ab.c");
    }
}
