//! `config get`, `config set` and `config unset`: the values that hold in the running service.

use plugin_core::config::Explained;
use serde_json::{Map, Value, json};

use super::answer::read;
use super::config_show;
use super::operate::{self, OperationRequest};
use super::service::Service;
use crate::cli::{ConfigGet, ConfigSet, ConfigUnset, Place};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};

pub(super) fn get(place: &Place, asked: &ConfigGet, out: &mut Output) -> Result<Exit, Failure> {
    let section = config_show::section(place, &asked.plugin)?;
    let Some(key) = &asked.key else {
        config_show::tell(&section, out)?;
        return Ok(Exit::Ok);
    };
    let values: Vec<Explained> = read(section)?;
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
    fn a_key_may_have_the_section_before_it() {
        assert_eq!(own_key("a", "a.config.b"), "config.b");
        assert_eq!(own_key("a", "config.b"), "config.b");
        assert_eq!(own_key("a", "ab.c"), "ab.c");
    }
}
