//! `config show`: effective values with their origin.

use plugin_core::InstanceName;
use plugin_core::config::Explained;
use serde_json::{Value, json};

use super::answer::answer;
use crate::cli::{ConfigShow, Place};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::table::Table;

use super::MANAGER;

pub(super) fn show(place: &Place, options: &ConfigShow, out: &mut Output) -> Result<Exit, Failure> {
    let values = section(place, &options.plugin)?;
    tell(&values, out)?;
    Ok(Exit::Ok)
}

/// The values of a section: those in force in the running service, or those that the next start
/// takes.
pub(super) fn section(place: &Place, plugin: &str) -> Result<Value, Failure> {
    let asked = InstanceName::of(plugin).section;
    let mut answer = answer(place, (&["config", asked], &[]), || {
        Ok(json!({"values": of_files(place, plugin)?}))
    })?;
    Ok(answer["values"].take())
}

pub(super) fn tell(values: &Value, out: &mut Output) -> Result<(), Failure> {
    match out.format() {
        Format::Human => out.text(table(&super::answer::read::<Vec<Explained>>(
            values.clone(),
        )?)),
        Format::Json => out.json(values),
    }
    Ok(())
}

fn of_files(place: &Place, plugin: &str) -> Result<Vec<Explained>, Failure> {
    if plugin != MANAGER {
        super::plugin_of(plugin)?;
    }
    let section = InstanceName::of(plugin).section;
    let settings = super::readable(place, section).map_err(Failure::Config)?;
    let section = match plugin {
        MANAGER => MANAGER,
        plugin => super::instance(&settings, plugin)?.name(),
    };
    Ok(settings.explain(section).unwrap_or_default())
}

/// Values as JSON, which is YAML too.
fn table(values: &[Explained]) -> Table {
    let mut table = Table::new(&["key", "origin", "value"]);
    for value in values {
        table.row([
            value.key.clone(),
            value.origin.to_string(),
            value.value.to_string(),
        ]);
    }
    table
}
