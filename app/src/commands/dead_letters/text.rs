//! Dead letters for people.

use plugin_core::event::{DeadLetter, DeadLetterId, DeadLetterPage};
use plugin_core::printable;

use crate::table::Table;

/// A list that is printed page by page. Its columns are as wide as what was printed so far needs.
#[derive(Debug, Default)]
pub(super) struct List {
    widths: Vec<usize>,
}

impl List {
    /// A line for each letter of a page, under the heading on the first one.
    pub(super) fn page(&mut self, page: &DeadLetterPage) -> String {
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
        let is_first = self.widths.is_empty();
        self.widths = table.widths(&self.widths);
        table.lines(&self.widths, is_first)
    }
}

/// How many there are, and how to see more.
pub(super) fn total(shown: u64, total: Option<u64>, next: Option<DeadLetterId>) -> String {
    let Some(total) = total else {
        let more = next.map(|next| format!("; there are more: `--after {next}`"));
        return letters(shown) + &more.unwrap_or_default();
    };
    match next {
        Some(next) => format!(
            "{shown} of {}; there are more: `--after {next}`",
            letters(total)
        ),
        None if shown < total => format!("{shown} of {}", letters(total)),
        None if total == 0 => "no dead letters".to_owned(),
        None => letters(total),
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

/// What the running service did.
#[cfg(feature = "admin")]
pub(super) fn given_back(count: u64) -> String {
    let letters = letters(count);
    format!("{letters} replayed by the running service; those that fail again are listed again")
}

pub(super) fn dropped(count: u64) -> String {
    format!("{} dropped", letters(count))
}

/// Who will replay letters, and when.
pub(super) fn replayed(count: u64, served: bool) -> String {
    let when = if served {
        "by the running service"
    } else {
        "at the next start"
    };
    format!("{} will be replayed {when}", letters(count))
}

/// Why the replay of letters has to wait longer than that.
pub(super) fn waits(plugin: &str, count: u64, is_built: bool) -> String {
    let why = if is_built {
        "is turned off: they wait until it runs"
    } else {
        "is not in this build: they wait until it is"
    };
    format!("{count} of them are of `{plugin}`, which {why}")
}

pub(super) fn letters(count: u64) -> String {
    match count {
        1 => "1 dead letter".to_owned(),
        count => format!("{count} dead letters"),
    }
}
