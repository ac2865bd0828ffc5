//! `check`: the config, offline.

use plugin_core::config::{Issue, Warning};
use plugin_core::counted;
use plugin_core::lifecycle::{ConfigureError, Configured, Manager};
use serde::Serialize;

use crate::cli::Place;
use crate::defaults;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output, note};
use crate::plugins::COMPOSITION;

/// What programs read of a check.
#[derive(Debug, Default, Serialize)]
struct Checked<'a> {
    ok: bool,
    /// Mistakes of the config.
    errors: &'a [Issue],
    /// Rights that plugins need and were not granted.
    denied: Vec<String>,
    warnings: &'a [Warning],
    /// What is worth knowing of the set.
    notes: Vec<String>,
}

pub(super) fn check(place: &Place, out: &mut Output) -> Result<Exit, Failure> {
    let manager = Manager::builder(&COMPOSITION).sources(defaults::sources(place));
    match (manager.configure(), out.format()) {
        (Ok(configured), _) => {
            passed(&configured, out);
            Ok(Exit::Ok)
        }
        (Err(error), Format::Json) => {
            let exit = Failure::exit(&Failure::Configure(error_json(error, out)?));
            Ok(exit)
        }
        (Err(error), Format::Human) => Err(Failure::Configure(error)),
    }
}

fn passed(configured: &Configured, out: &mut Output) {
    let (plugins, warnings) = (configured.plugins().count(), configured.warnings());
    let sections = configured.settings().instances();
    let instances = sections.filter(|(_, one)| one.config.enabled).count();
    let instances = match instances == plugins {
        true => String::new(),
        false => format!(" as {}", counted(instances, "instance")),
    };
    let notes = configured.notes().into_iter().map(|one| one.to_string());
    let unwatched = super::unwatched(configured.settings()).map(str::to_owned);
    let notes: Vec<String> = notes.chain(unwatched).collect();
    match out.format() {
        Format::Human => {
            for warning in warnings {
                note(format_args!("warning: {warning}"));
            }
            for one in &notes {
                note(format_args!("note: {one}"));
            }
            out.text(format_args!(
                "config is good: {} would start{instances}, {}",
                counted(plugins, "plugin"),
                counted(warnings.len(), "warning")
            ));
        }
        Format::Json => out.json(&Checked {
            ok: true,
            warnings,
            notes,
            ..Checked::default()
        }),
    }
}

fn error_json(error: ConfigureError, out: &mut Output) -> Result<ConfigureError, Failure> {
    let checked = match &error {
        ConfigureError::Config(config) => Checked {
            errors: config.issues(),
            ..Checked::default()
        },
        ConfigureError::Permissions(denied) => Checked {
            denied: denied.iter().map(ToString::to_string).collect(),
            ..Checked::default()
        },
        _ => return Err(Failure::Configure(error)),
    };
    out.json(&checked);
    Ok(error)
}
