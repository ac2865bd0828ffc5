//! `dead-letters`: events that handlers failed with for good. The running service is asked for them;
//! when none runs, they are in the file of `queue-plugin`.

#[cfg(feature = "admin")]
mod asked;
mod list;
mod text;

use std::collections::{BTreeMap, HashSet};

use plugin_core::InstanceName;
use plugin_core::config::Settings;
use plugin_core::event::{DeadLetterId, DeadLetterQuery};
use plugin_queue::{Letters, QueueFile, Touched};
use serde_json::{Value, json};

use crate::cli::{DeadLetters, LetterChoice, LetterList, LetterShow, Place};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output, note};
use crate::plugins::COMPOSITION;

#[cfg(feature = "admin")]
use super::answer::Asked;
use super::queue;
use list::Printer;

/// Letters that are read at once.
const PAGE: usize = 1_000;

pub(super) fn run(place: &Place, command: DeadLetters, out: &mut Output) -> Result<Exit, Failure> {
    #[cfg(feature = "admin")]
    return match asked::run(place, &command, out)? {
        Asked::Answered(exit) => Ok(exit),
        Asked::Files(why) => {
            let exit = of_file(place, command, out)?;
            if exit == Exit::Ok {
                why.tell();
            }
            Ok(exit)
        }
    };
    #[cfg(not(feature = "admin"))]
    of_file(place, command, out)
}

fn of_file(place: &Place, command: DeadLetters, out: &mut Output) -> Result<Exit, Failure> {
    let settings = match command {
        DeadLetters::List(_) | DeadLetters::Show(_) => super::readable(place, queue::QUEUE),
        _ => super::settings(place),
    };
    let settings = settings.map_err(Failure::Config)?;
    let path = queue::path(&settings)?;
    queue::wait_for(async {
        let Some(mut file) = QueueFile::open(&path).await? else {
            return Ok(nothing(&command, out));
        };
        let exit = match command {
            DeadLetters::List(list) => self::list(&mut file, &list, out).await?,
            DeadLetters::Show(show) => self::show(&mut file, &show, out).await?,
            DeadLetters::Replay(choice) => replay(&settings, &mut file, &choice, out).await?,
            DeadLetters::Drop(choice) => drop_letters(&mut file, &choice, out).await?,
        };
        file.close().await?;
        Ok(exit)
    })
}

/// Before the service has run there is no file.
fn nothing(command: &DeadLetters, out: &mut Output) -> Exit {
    match command {
        DeadLetters::List(_) => {
            Printer::new(out.format()).end(Some(0), None, out);
            Exit::Ok
        }
        DeadLetters::Show(LetterShow { id, .. }) => unknown(&[*id]),
        DeadLetters::Replay(choice) | DeadLetters::Drop(choice) if choice.ids.is_empty() => {
            note("no dead letters");
            Exit::Ok
        }
        DeadLetters::Replay(choice) | DeadLetters::Drop(choice) => unknown(&choice.ids),
    }
}

fn unknown(ids: &[DeadLetterId]) -> Exit {
    for id in ids {
        note(format_args!("error: there is no dead letter `{id}`"));
    }
    if ids.is_empty() {
        Exit::Ok
    } else {
        Exit::Usage
    }
}

/// Prints page by page, so that no more than a page is in memory.
async fn list(
    file: &mut QueueFile,
    list: &LetterList,
    out: &mut Output,
) -> plugin_core::Result<Exit> {
    let mut printer = Printer::new(out.format());
    let mut query = list.filter.query();
    let total = file.total(&query).await?;
    if let Some(after) = list.after {
        query = query.after(after);
    }
    let mut left = list.limit;
    let mut next = None;
    while left > 0 {
        let mut page = file.list(&query.clone().limit(left.min(PAGE))).await?;
        // `show` has the data: a list has none, whoever is asked.
        page.letters
            .iter_mut()
            .for_each(|letter| letter.data = Value::Null);
        left -= page.letters.len();
        printer.page(&page, out);
        next = page.next;
        match page.next {
            Some(next) => query = query.after(next),
            None => break,
        }
    }
    printer.end(Some(total), next, out);
    Ok(Exit::Ok)
}

async fn show(
    file: &mut QueueFile,
    show: &LetterShow,
    out: &mut Output,
) -> plugin_core::Result<Exit> {
    let Some(letter) = file.show(show.id).await? else {
        return Ok(unknown(&[show.id]));
    };
    match out.format() {
        Format::Human => out.text(text::letter(&letter)),
        Format::Json => out.json(&letter),
    }
    Ok(Exit::Ok)
}

async fn replay(
    settings: &Settings,
    file: &mut QueueFile,
    choice: &LetterChoice,
    out: &mut Output,
) -> plugin_core::Result<Exit> {
    let asked = file.replay(&choice.letters()).await?;
    let unknown = choice.unknown(&asked);
    let served = file.is_served();
    let waits = waits(settings, &asked);
    match out.format() {
        Format::Human => {
            out.text(text::replayed(asked.len() as u64, served));
            for (plugin, count) in &waits {
                out.text(text::waits(plugin, *count, is_built(plugin)));
            }
        }
        Format::Json => out.json(&json!({
            "requested": ids(&asked),
            "unknown": unknown,
            "by": if served { "the running service" } else { "the next start" },
            "waiting_for": waits,
        })),
    }
    Ok(self::unknown(&unknown))
}

async fn drop_letters(
    file: &mut QueueFile,
    choice: &LetterChoice,
    out: &mut Output,
) -> plugin_core::Result<Exit> {
    let gone = file.drop(&choice.letters()).await?;
    let unknown = choice.unknown(&gone);
    match out.format() {
        Format::Human => out.text(text::dropped(gone.len() as u64)),
        Format::Json => out.json(&json!({ "dropped": ids(&gone), "unknown": unknown })),
    }
    Ok(self::unknown(&unknown))
}

fn ids(touched: &[Touched]) -> Vec<DeadLetterId> {
    touched.iter().map(|letter| letter.id).collect()
}

/// Plugins that do not run at the next start either, each with the number of its letters.
fn waits(settings: &Settings, asked: &[Touched]) -> BTreeMap<String, u64> {
    let mut waits = BTreeMap::new();
    for letter in asked {
        let plugin = InstanceName::of(&letter.plugin).section;
        let is_on = (settings.plugins.get(plugin)).is_some_and(|it| it.config.enabled);
        if !is_on {
            *waits.entry(plugin.to_owned()).or_default() += 1;
        }
    }
    waits
}

fn is_built(plugin: &str) -> bool {
    COMPOSITION.plugins().any(|one| one.name == plugin)
}

impl LetterChoice {
    fn letters(&self) -> Letters {
        match self.ids.is_empty() {
            true => Letters::Wanted(self.filter.query()),
            false => Letters::Ids(self.ids.clone()),
        }
    }

    /// Those of its ids that are not among the letters that there are.
    fn unknown(&self, touched: &[Touched]) -> Vec<DeadLetterId> {
        let known: HashSet<DeadLetterId> = touched.iter().map(|letter| letter.id).collect();
        let unknown = self.ids.iter().filter(|id| !known.contains(id));
        unknown.copied().collect()
    }
}

impl crate::cli::LetterFilter {
    fn query(&self) -> DeadLetterQuery {
        let query = DeadLetterQuery::new();
        let query = match &self.plugin {
            Some(plugin) => query.plugin(plugin),
            None => query,
        };
        match &self.topic {
            Some(topic) => query.topic(topic),
            None => query,
        }
    }
}
