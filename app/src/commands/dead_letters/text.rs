//! Dead letters for people.

use plugin_core::event::{DeadLetter, DeadLetterPage};
use plugin_core::printable;

use crate::table::Table;

/// A line for each letter, and how to see more.
pub(super) fn page(page: &DeadLetterPage) -> String {
    if page.letters.is_empty() {
        return "no dead letters".to_owned();
    }
    let mut table = Table::new(&[
        "id", "last", "plugin", "handler", "topic", ">calls", "error",
    ]);
    for letter in &page.letters {
        table.row([
            letter.id.to_string(),
            letter.last_at.clone(),
            letter.plugin.clone(),
            letter.handler.clone(),
            letter.topic.clone(),
            letter.attempts.to_string(),
            letter.error.clone(),
        ]);
    }
    match page.next {
        Some(next) => format!("{table}there are more: `--after {next}`\n"),
        None => table.to_string(),
    }
}

/// All of one letter.
pub(super) fn letter(letter: &DeadLetter) -> String {
    let key = letter
        .key
        .map_or_else(|| "-".to_owned(), |key| key.to_string());
    let DeadLetter {
        id,
        topic,
        data,
        source,
        plugin,
        handler,
        error,
        kind,
        attempts,
        first_at,
        last_at,
        replays,
        ..
    } = letter;
    let rows = [
        ("id", id.to_string()),
        ("topic", topic.clone()),
        ("from", source.clone()),
        ("to", format!("{handler} of {plugin}")),
        ("error", format!("{kind}: {error}")),
        (
            "calls",
            format!("{attempts}, and {replays} replays that failed"),
        ),
        ("first", first_at.clone()),
        ("last", last_at.clone()),
        ("key", key),
        ("data", printable::json(&data.to_string()).into_owned()),
    ];
    rows.iter()
        .map(|(name, value)| format!("{name:<6}  {}\n", printable::line(value)))
        .collect()
}

/// Who will replay letters, and when.
pub(super) fn replayed(count: usize, served: bool) -> String {
    let when = if served {
        "by the running service"
    } else {
        "at the next start"
    };
    format!("{} will be replayed {when}", letters(count))
}

pub(super) fn letters(count: usize) -> String {
    match count {
        1 => "1 dead letter".to_owned(),
        count => format!("{count} dead letters"),
    }
}
