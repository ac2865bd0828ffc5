//! `dead-letters`: events that handlers failed with for good, in the file of `queue-plugin`. It
//! works while the service runs and while it does not.

mod chosen;
mod text;

use plugin_core::event::{DeadLetterId, DeadLetterQuery};
use plugin_queue::QueueFile;
use serde::Serialize;
use serde_json::json;

use crate::cli::{DeadLetters, LetterChoice, LetterList, LetterShow, Place};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output, note};

use super::queue;
use chosen::chosen;

/// For whom the answer is, and where it goes.
type To<'a> = (Format, &'a mut Output);

/// What was done with letters.
#[derive(Debug, Default, Serialize)]
struct Done {
    /// Those that it was done with.
    done: Vec<DeadLetterId>,
    /// Those that are not there.
    unknown: Vec<DeadLetterId>,
}

pub(super) fn run(place: &Place, command: DeadLetters, mut out: To<'_>) -> Result<Exit, Failure> {
    let out = &mut out;
    let settings = super::settings(place).map_err(Failure::Config)?;
    let path = queue::path(&settings)?;
    queue::wait_for(async {
        let Some(mut file) = QueueFile::open(&path).await? else {
            return Ok(nothing(&command, out));
        };
        let exit = match command {
            DeadLetters::List(list) => self::list(&mut file, &list, out).await?,
            DeadLetters::Show(show) => self::show(&mut file, &show, out).await?,
            DeadLetters::Replay(choice) => replay(&mut file, &choice, out).await?,
            DeadLetters::Drop(choice) => drop_letters(&mut file, &choice, out).await?,
        };
        file.close().await?;
        Ok(exit)
    })
}

/// Before the service has run there is no file.
fn nothing(command: &DeadLetters, out: &mut To<'_>) -> Exit {
    match command {
        DeadLetters::List(_) => {
            match out.0 {
                Format::Human => out.1.text("no dead letters"),
                Format::Json => out.1.json(&json!({ "letters": [] })),
            }
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

async fn list(
    file: &mut QueueFile,
    list: &LetterList,
    out: &mut To<'_>,
) -> plugin_core::Result<Exit> {
    let query = list.filter.query().limit(list.limit);
    let query = list.after.map_or(query.clone(), |after| query.after(after));
    let page = file.list(&query).await?;
    match out.0 {
        Format::Human => out.1.text(text::page(&page)),
        Format::Json => out.1.json(&page),
    }
    Ok(Exit::Ok)
}

async fn show(
    file: &mut QueueFile,
    show: &LetterShow,
    out: &mut To<'_>,
) -> plugin_core::Result<Exit> {
    let Some(letter) = file.show(show.id).await? else {
        return Ok(unknown(&[show.id]));
    };
    match out.0 {
        Format::Human => out.1.text(text::letter(&letter)),
        Format::Json => out.1.json(&letter),
    }
    Ok(Exit::Ok)
}

async fn replay(
    file: &mut QueueFile,
    choice: &LetterChoice,
    out: &mut To<'_>,
) -> plugin_core::Result<Exit> {
    let mut done = Done::default();
    for id in chosen(file, choice).await? {
        let asked = file.replay(id).await?;
        done.add(id, asked);
    }
    let served = file.is_served();
    match out.0 {
        Format::Human => out.1.text(text::replayed(done.done.len(), served)),
        Format::Json => out.1.json(&json!({
            "requested": done.done,
            "unknown": done.unknown,
            "by": if served { "the running service" } else { "the next start" },
        })),
    }
    Ok(unknown(&done.unknown))
}

async fn drop_letters(
    file: &mut QueueFile,
    choice: &LetterChoice,
    out: &mut To<'_>,
) -> plugin_core::Result<Exit> {
    let mut done = Done::default();
    for id in chosen(file, choice).await? {
        let dropped = file.drop(id).await?;
        done.add(id, dropped);
    }
    match out.0 {
        Format::Human => out
            .1
            .text(format_args!("{} dropped", text::letters(done.done.len()))),
        Format::Json => out
            .1
            .json(&json!({ "dropped": done.done, "unknown": done.unknown })),
    }
    Ok(unknown(&done.unknown))
}

impl Done {
    fn add(&mut self, id: DeadLetterId, was_there: bool) {
        let list = if was_there {
            &mut self.done
        } else {
            &mut self.unknown
        };
        list.push(id);
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
