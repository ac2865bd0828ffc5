//! Dead letters of the running service.

use plugin_core::event::{DeadLetter, DeadLetterId, DeadLetterPage};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::list::Printer;
use super::{PAGE, text};
use crate::cli::{DeadLetters, LetterChoice, LetterFilter, LetterList, LetterShow, Place};
use crate::commands::answer::{self, Asked, or_files};
use crate::commands::service::Service;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output, note};

/// The outcome for some letters.
#[derive(Debug, Default, Deserialize)]
struct LettersOutcome {
    done: Vec<DeadLetterId>,
    failed: Vec<LetterFailure>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LetterFailure {
    id: DeadLetterId,
    /// The HTTP status; an older service does not send it.
    #[serde(default)]
    status: u16,
    detail: String,
}

/// Carries out the command, if a service can be asked.
pub(super) fn run(
    place: &Place,
    command: &DeadLetters,
    out: &mut Output,
) -> Result<Asked<Exit>, Failure> {
    let service = Service::of(place)?;
    match command {
        DeadLetters::List(options) => list(place, &service, options, out),
        DeadLetters::Show(options) => or_files(place, show(&service, options, out)),
        DeadLetters::Replay(choice) | DeadLetters::Drop(choice) => {
            let ids = match or_files(place, chosen(&service, choice))? {
                Asked::Answered(ids) => ids,
                Asked::Files(why) => return Ok(Asked::Files(why)),
            };
            let is_replay = matches!(command, DeadLetters::Replay(_));
            each(&service, is_replay, ids, out).map(Asked::Answered)
        }
    }
}

fn list(
    place: &Place,
    service: &Service,
    options: &LetterList,
    out: &mut Output,
) -> Result<Asked<Exit>, Failure> {
    let mut left = options.limit;
    let first = page(service, &options.filter, (left, options.after));
    let mut page = match or_files(place, first)? {
        Asked::Answered(page) => page,
        Asked::Files(why) => return Ok(Asked::Files(why)),
    };
    let (mut printer, mut shown) = (Printer::new(out.format()), 0);
    loop {
        page.letters.truncate(left);
        printer.page(&page, out);
        left -= page.letters.len();
        shown += page.letters.len() as u64;
        match page.next {
            Some(next) if left > 0 => {
                page = self::page(service, &options.filter, (left, Some(next)))?;
            }
            next => {
                let is_whole = next.is_none() && options.after.is_none();
                printer.end(is_whole.then_some(shown), next, out);
                return Ok(Asked::Answered(Exit::Ok));
            }
        }
    }
}

/// Some letters, without their data.
fn page(
    service: &Service,
    filter: &LetterFilter,
    (most, after): (usize, Option<DeadLetterId>),
) -> Result<DeadLetterPage, Failure> {
    let mut query = vec![("limit", most.clamp(1, PAGE).to_string())];
    query.extend(filter.plugin.clone().map(|plugin| ("plugin", plugin)));
    query.extend(filter.topic.clone().map(|topic| ("topic", topic)));
    query.extend(after.map(|after| ("cursor", after.to_string())));
    answer::read(service.get_with(&["dead-letters"], &query)?)
}

fn show(service: &Service, options: &LetterShow, out: &mut Output) -> Result<Exit, Failure> {
    let answer = service.get(&["dead-letters", &options.id.to_string()])?;
    if let Some(right) = answer["data_needs"].as_str() {
        note(format_args!("the data need the right `{right}`"));
    }
    match out.format() {
        Format::Human => out.text(text::letter(&answer::read::<DeadLetter>(answer)?)),
        Format::Json => out.json(&answer),
    }
    Ok(Exit::Ok)
}

/// The ids of the letters that the command chooses.
fn chosen(service: &Service, choice: &LetterChoice) -> Result<Vec<DeadLetterId>, Failure> {
    if !choice.ids.is_empty() {
        // So that it is known whether a service can be asked before something is done.
        service.get(&["dead-letters"])?;
        return Ok(choice.ids.clone());
    }
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = page(service, &choice.filter, (PAGE, after))?;
        ids.extend(page.letters.iter().map(|letter| letter.id));
        after = page.next;
        if after.is_none() {
            return Ok(ids);
        }
    }
}

/// Lets the service replay or drop each letter.
fn each(
    service: &Service,
    is_replay: bool,
    mut left: Vec<DeadLetterId>,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let mut outcome = LettersOutcome::default();
    let action = if is_replay { "replay" } else { "drop" };
    // A request ends when its time is over, and says nothing of the letters that are left.
    while !left.is_empty() {
        let ids = &left[..left.len().min(PAGE)];
        let answer = service.post(&["dead-letters", action], &json!({"ids": ids}))?;
        let some: LettersOutcome = answer::read(answer.body)?;
        let settled = some.done.len() + some.failed.len();
        if settled == 0 {
            break;
        }
        left.drain(..settled.min(left.len()));
        outcome.done.extend(some.done);
        outcome.failed.extend(some.failed);
    }
    let LettersOutcome { done, failed } = outcome;
    let is_unknown = |failure: &LetterFailure| failure.status == 404;
    match out.format() {
        Format::Human if is_replay => out.text(text::given_back(done.len() as u64)),
        Format::Human => out.text(text::dropped(done.len() as u64)),
        Format::Json => {
            let unknown = failed.iter().filter(|failure| is_unknown(failure));
            let unknown: Vec<_> = unknown.map(|failure| failure.id).collect();
            out.json(&match is_replay {
                true => json!({
                    "requested": done, "unknown": unknown, "failed": failed, "left": left,
                    "by": "the running service",
                }),
                false => json!({
                    "dropped": done, "unknown": unknown, "failed": failed, "left": left,
                }),
            });
        }
    }
    for failure in &failed {
        note(format_args!(
            "error: {}",
            plugin_core::printable::line(&failure.detail)
        ));
    }
    if !left.is_empty() {
        note(format_args!(
            "error: {} took too long: `audit` says how the first of them ends",
            text::letters(left.len() as u64)
        ));
    }
    Ok(match failed.is_empty() && left.is_empty() {
        true => Exit::Ok,
        false if left.is_empty() && failed.iter().all(is_unknown) => Exit::Usage,
        false => Exit::Failed,
    })
}
