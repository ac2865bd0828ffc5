//! `config show`: effective values with their origin.

use plugin_core::config::Explained;

use crate::cli::{ConfigShow, Place};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::table::Table;

/// What `config show` calls the manager's own section.
const MANAGER: &str = "plugin_manager";

pub(super) fn show(place: &Place, options: &ConfigShow, out: &mut Output) -> Result<Exit, Failure> {
    if options.plugin != MANAGER {
        super::plugin_of(&options.plugin)?;
    }
    let settings = super::settings(place).map_err(Failure::Config)?;
    if options.plugin != MANAGER {
        super::instance(&settings, &options.plugin)?;
    }
    let values = settings.explain(&options.plugin).unwrap_or_default();
    match out.format() {
        Format::Human => out.text(table(&values)),
        Format::Json => out.json(&values),
    }
    Ok(Exit::Ok)
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
