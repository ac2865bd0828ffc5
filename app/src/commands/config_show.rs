//! `config show`: effective values with their origin.

use plugin_core::InstanceName;
use plugin_core::config::Explained;

use crate::cli::{ConfigShow, Place};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::table::Table;

use super::MANAGER;

pub(super) fn show(place: &Place, options: &ConfigShow, out: &mut Output) -> Result<Exit, Failure> {
    let values = values(place, options)?;
    match out.format() {
        Format::Human => out.text(table(&values)),
        Format::Json => out.json(&values),
    }
    Ok(Exit::Ok)
}

/// What the next start takes.
pub(super) fn values(place: &Place, options: &ConfigShow) -> Result<Vec<Explained>, Failure> {
    if options.plugin != MANAGER {
        super::plugin_of(&options.plugin)?;
    }
    let section = InstanceName::of(&options.plugin).section;
    let settings = super::readable(place, section).map_err(Failure::Config)?;
    let section = match &*options.plugin {
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
