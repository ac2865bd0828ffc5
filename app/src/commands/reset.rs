//! `config reset`: config decides again which plugins are on.

use plugin_core::config;
#[cfg(feature = "admin")]
use plugin_core::lifecycle::holder;
use serde::Serialize;

use crate::cli::{ConfigReset, Place};
use crate::defaults;
use crate::exit::Exit;
use crate::failure::Failure;
#[cfg(feature = "admin")]
use crate::output::note;
use crate::output::{Format, Output};
use crate::plugins::COMPOSITION;

/// What programs read of it, when no service runs.
#[derive(Serialize)]
struct Reset {
    /// The plugins of which config decides again.
    plugins: Vec<String>,
}

pub(super) fn reset(
    place: &Place,
    options: &ConfigReset,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let data_dir = config::data_dir(&defaults::sources(place), &COMPOSITION);
    #[cfg(feature = "admin")]
    if holder(&data_dir).is_some() {
        match super::operate(place, &super::OperationRequest::reset(options), out) {
            // It takes no command, so it writes nothing there either.
            Err(deaf @ Failure::Deaf(..)) => note(format_args!("warning: {deaf}")),
            done => return done,
        }
    }
    let plugins = match options.dry_run {
        true => config::overridden(&data_dir, options.plugin.as_deref()),
        false => config::reset_overrides(&data_dir, options.plugin.as_deref()),
    };
    let plugins = plugins.map_err(Failure::io("can't forget what is in `overrides.yaml`"))?;
    match out.format() {
        Format::Json => out.json(&Reset { plugins }),
        Format::Human if plugins.is_empty() => {
            out.text("nothing to forget: config decides already");
        }
        Format::Human => {
            let verb = if options.dry_run {
                "would decide"
            } else {
                "decides"
            };
            out.text(format_args!(
                "config {verb} again, from the next start on: {}",
                plugins.join(", ")
            ));
        }
    }
    Ok(Exit::Ok)
}
