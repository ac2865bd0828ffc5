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
    /// The generation that was checked in the place of the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    rolled_back_to: Option<u64>,
    /// What the files say that it is in the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Box<Checked<'a>>>,
}

pub(super) fn check(place: &Place, out: &mut Output) -> Result<Exit, Failure> {
    let manager = Manager::builder(&COMPOSITION).sources(defaults::sources(place));
    match (manager.configure(), out.format()) {
        (Ok(configured), _) => {
            let is_rolled_back = configured.settings().rollback().is_some();
            let files = is_rolled_back.then(|| {
                let sources = defaults::sources_on_disk(place);
                Manager::builder(&COMPOSITION).sources(sources).configure()
            });
            passed(&configured, files.as_ref(), out);
            Ok(Exit::Ok)
        }
        (Err(error), Format::Json) => {
            let Some(checked) = refused(&error) else {
                return Err(Failure::Configure(error));
            };
            out.json(&checked);
            Ok(Failure::Configure(error).exit())
        }
        (Err(error), Format::Human) => Err(Failure::Configure(error)),
    }
}

/// What is there to say of a config that is good; `files` is what the files say that it is in the
/// place of.
fn passed(
    configured: &Configured,
    files: Option<&Result<Configured, ConfigureError>>,
    out: &mut Output,
) {
    let (plugins, warnings) = (configured.plugins().count(), configured.warnings());
    let sections = configured.settings().instances();
    let instances = sections.filter(|(_, one)| one.config.enabled).count();
    let instances = match instances == plugins {
        true => String::new(),
        false => format!(" as {}", counted(instances, "instance")),
    };
    let notes = configured.notes().into_iter().map(|one| one.to_string());
    let undone = super::undone(configured.settings());
    let notes: Vec<String> = notes.chain(undone).collect();
    match out.format() {
        Format::Human => {
            for warning in warnings {
                note(format_args!("warning: {warning}"));
            }
            for one in &notes {
                note(format_args!("note: {one}"));
            }
            let in_force = match configured.settings().rolled_back_to() {
                Some(number) => format!("config {number}, which is in the place of the files,"),
                None => "config".to_owned(),
            };
            out.text(format_args!(
                "{in_force} is good: {} would start{instances}, {}",
                counted(plugins, "plugin"),
                counted(warnings.len(), "warning")
            ));
            match files {
                Some(Ok(_)) => out.text("the files are good, too"),
                Some(Err(error)) => out.text(format_args!("the files are refused:\n{error}")),
                None => {}
            }
        }
        Format::Json => out.json(&Checked {
            ok: true,
            warnings,
            notes,
            rolled_back_to: configured.settings().rolled_back_to(),
            files: files.map(|files| {
                Box::new(match files {
                    Ok(_) => Checked {
                        ok: true,
                        ..Checked::default()
                    },
                    Err(error) => refused(error).unwrap_or_default(),
                })
            }),
            ..Checked::default()
        }),
    }
}

/// What programs read of a config that is refused; nothing, if it is the build.
fn refused(error: &ConfigureError) -> Option<Checked<'_>> {
    match error {
        ConfigureError::Config(config) => Some(Checked {
            errors: config.issues(),
            ..Checked::default()
        }),
        ConfigureError::Permissions(denied) => Some(Checked {
            denied: denied.iter().map(ToString::to_string).collect(),
            ..Checked::default()
        }),
        _ => None,
    }
}
