//! `config history`, `config diff` and `config rollback`: the configs that were applied.

use std::io;

use plugin_core::config::{self, Difference, Generation, Generations, KeptGeneration, Settings};
use plugin_core::lifecycle::ConfigChoice;
use serde::Serialize;
use serde_json::json;

use super::answer::{answer, read};
use crate::cli::{ConfigDiff, ConfigRollback, Place};
use crate::defaults;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output, note};
use crate::plugins::COMPOSITION;
use crate::table::Table;

/// What programs read of a rollback.
#[derive(Serialize)]
struct RolledBack {
    /// The generation that is in the place of the files from now on.
    generation: Option<u64>,
    /// What is different from the config that was applied last.
    difference: Option<Difference>,
    /// What the running service did, if one runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<serde_json::Value>,
}

pub(super) fn history(place: &Place, out: &mut Output) -> Result<Exit, Failure> {
    let mut answer = answer(place, (&["config", "history"], &[]), || {
        Ok(json!({"generations": kept(place)?}))
    })?;
    let entries = answer["generations"].take();
    match out.format() {
        Format::Json => out.json(&entries),
        Format::Human => match &read::<Vec<KeptGeneration>>(entries)?[..] {
            [] => out.text("no config was applied yet"),
            entries => out.text(table(entries)),
        },
    }
    Ok(Exit::Ok)
}

/// The generations below the data folder.
fn kept(place: &Place) -> Result<Vec<KeptGeneration>, Failure> {
    let generations = generations(place);
    if let Err(error) = generations.rollback() {
        note(format_args!(
            "warning: can't read which config is in the place of the files, so the files count: {error}"
        ));
    }
    let files = config::files(&defaults::sources_on_disk(place), &COMPOSITION).digest();
    let mut entries = Vec::new();
    for kept in generations.history(files).map_err(unreadable)? {
        match kept {
            Ok(kept) => entries.push(kept),
            Err(error) => note(format_args!("warning: can't read a config: {error}")),
        }
    }
    Ok(entries)
}

fn table(entries: &[KeptGeneration]) -> Table {
    let mut table = Table::new(&[">number", "digest", "applied", "by", "note"]);
    for entry in entries {
        let generation = &entry.generation;
        let back = generation.rolled_back_to;
        let notes = [
            entry.running.then(|| "applied last".to_owned()),
            (entry.started && !entry.running).then(|| "started last".to_owned()),
            back.map(|number| format!("brought back {number}")),
            (entry.in_place_of_files).then(|| "in the place of the files".to_owned()),
        ];
        let notes: Vec<String> = notes.into_iter().flatten().collect();
        table.row([
            generation.number.to_string(),
            generation.digest.short(),
            generation.time.clone(),
            generation.by.clone(),
            notes.join(", "),
        ]);
    }
    table
}

pub(super) fn diff(place: &Place, options: &ConfigDiff, out: &mut Output) -> Result<Exit, Failure> {
    let query = [
        ("from", options.old.to_string()),
        ("to", options.new.to_string()),
    ];
    let difference = answer(place, (&["config", "diff"], &query), || {
        let generations = generations(place);
        let settings = |which| settings(place, meant(&generations, which)?);
        Ok(json!(
            settings(options.old)?.difference(&settings(options.new)?)
        ))
    })?;
    match out.format() {
        Format::Human => out.text(read::<Difference>(difference)?),
        Format::Json => out.json(&difference),
    }
    Ok(Exit::Ok)
}

pub(super) fn rollback(
    place: &Place,
    options: &ConfigRollback,
    out: &mut Output,
) -> Result<Exit, Failure> {
    #[cfg(feature = "admin")]
    if place.url.is_some() {
        return elsewhere(place, options.to, out);
    }
    let generations = generations(place);
    let meant = meant(&generations, options.to)?;
    let generation = meant.as_ref().map(|meant| meant.number);
    // A config that this binary can't be started with is refused before anything is written.
    let settings = settings(place, meant)?;
    let difference = match options.to {
        ConfigChoice::Running => Some(settings.difference(&settings)),
        ConfigChoice::Generation(_) | ConfigChoice::Files => {
            let running = generations.latest().map_err(unreadable)?;
            let running = running.and_then(|running| self::settings(place, Some(running)).ok());
            running.map(|running| running.difference(&settings))
        }
    };
    let outcome = match roll_back(place, generation) {
        Ok(Some(outcome)) => Some(outcome),
        Ok(None) => choose(place, &generations, generation)?,
        Err(failure) if failure.exit() == Exit::NoService => {
            note(format_args!("warning: {failure}"));
            choose(place, &generations, generation)?
        }
        Err(failure) => return Err(failure),
    };
    match out.format() {
        Format::Human => {
            let when = match outcome {
                Some(_) => "now",
                None => "with the next start",
            };
            out.text(match generation {
                Some(number) => {
                    format!("config {number} holds {when}, until a file changes; what it changes:")
                }
                None => format!("the files hold {when}; what they change:"),
            });
            if let Some(difference) = difference {
                out.text(difference);
            }
        }
        Format::Json => out.json(&RolledBack {
            generation,
            difference,
            outcome,
        }),
    }
    Ok(Exit::Ok)
}

/// Notes which config the next start takes.
fn choose(
    place: &Place,
    generations: &Generations,
    generation: Option<u64>,
) -> Result<Option<serde_json::Value>, Failure> {
    let chosen = match generation {
        Some(number) => {
            let files = config::files(&defaults::sources_on_disk(place), &COMPOSITION);
            generations.roll_back(number, &files).map(drop)
        }
        None => generations.restore(None),
    };
    chosen.map_err(Failure::io("can't write which config to go back to"))?;
    Ok(None)
}

/// Has the service that runs with the data folder go back; nothing, if none runs.
#[cfg(feature = "admin")]
fn roll_back(place: &Place, generation: Option<u64>) -> Result<Option<serde_json::Value>, Failure> {
    use super::service::Service;
    use plugin_admin::ClientError;

    let body = json!({"generation": generation});
    let service = Service::of(place)?;
    match service.post(&["config", "rollback"], &body) {
        Ok(answer) => Ok(Some(answer.body)),
        Err(Failure::Service(ClientError::NotRunning { .. })) => Ok(None),
        Err(Failure::Older) => roll_back_older(place, &service, generation).map(Some),
        Err(failure) => Err(failure),
    }
}

/// The same of a service of the version before: the choice is written, and the service reads it. If
/// it does not take the config over, the choice is as it was.
#[cfg(feature = "admin")]
fn roll_back_older(
    place: &Place,
    service: &super::service::Service,
    generation: Option<u64>,
) -> Result<serde_json::Value, Failure> {
    let generations = generations(place);
    // One that can't be read is replaced.
    let before = generations.rollback().ok().flatten();
    choose(place, &generations, generation)?;
    let reloaded = service.post(&["reload"], &json!({}));
    if reloaded.is_err() {
        let restored = generations.restore(before.as_ref());
        restored.map_err(Failure::io("can't write which config to go back to"))?;
    }
    Ok(reloaded?.body)
}

/// Has a service that is elsewhere go back.
#[cfg(feature = "admin")]
fn elsewhere(place: &Place, to: ConfigChoice, out: &mut Output) -> Result<Exit, Failure> {
    use super::operate::{self, OperationRequest};
    use super::service::Service;

    let service = Service::of(place)?;
    let generation = match to {
        ConfigChoice::Generation(number) => json!(number),
        ConfigChoice::Files => serde_json::Value::Null,
        ConfigChoice::Running => service.get(&["config"])?["running"]["generation"].clone(),
    };
    let body = json!({"generation": generation});
    let answer = service.post(&["config", "rollback"], &body)?;
    operate::tell(&OperationRequest::rollback(), answer, &service, out)
}

/// This binary asks no service.
#[cfg(not(feature = "admin"))]
fn roll_back(place: &Place, _: Option<u64>) -> Result<Option<serde_json::Value>, Failure> {
    let sources = defaults::sources_on_disk(place);
    if plugin_core::lifecycle::holder(&config::data_dir(&sources, &COMPOSITION)).is_some() {
        note("a service runs: send it SIGHUP to have it read its config again");
    }
    Ok(None)
}

fn generations(place: &Place) -> Generations {
    let sources = defaults::sources_on_disk(place);
    Generations::in_dir(config::data_dir(&sources, &COMPOSITION))
}

/// The generation that is meant; nothing if it is the files.
fn meant(generations: &Generations, which: ConfigChoice) -> Result<Option<Generation>, Failure> {
    let number = match which {
        ConfigChoice::Files => return Ok(None),
        ConfigChoice::Generation(number) => number,
        ConfigChoice::Running => {
            let last = generations.numbers().map_err(unreadable)?.pop();
            last.ok_or_else(|| {
                let none = "no config was applied yet: a service keeps it when it has started";
                unreadable(io::Error::new(io::ErrorKind::NotFound, none))
            })?
        }
    };
    let known = generations.numbers().map_err(unreadable)?;
    if !known.contains(&number) {
        return Err(Failure::NoGeneration(number, known));
    }
    generations.read(number).map(Some).map_err(unreadable)
}

/// A generation or the files, with the defaults of this binary and the variables of this process.
fn settings(place: &Place, generation: Option<Generation>) -> Result<Settings, Failure> {
    let sources = defaults::sources_on_disk(place);
    let sources = match generation {
        Some(generation) => sources.generation(generation),
        None => sources,
    };
    config::load(&sources, &COMPOSITION).map_err(Failure::Config)
}

fn unreadable(error: io::Error) -> Failure {
    Failure::io("can't read a config that was applied")(error)
}
