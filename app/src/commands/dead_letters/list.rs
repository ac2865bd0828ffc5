//! A list of dead letters that is printed page by page, for people or for programs.

use plugin_core::event::{DeadLetterId, DeadLetterPage};
use serde_json::json;

use super::text;
use crate::output::{Format, Output, note};

/// The printer of one list.
#[derive(Debug)]
pub(super) struct Printer {
    format: Format,
    columns: text::List,
    shown: u64,
}

impl Printer {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            columns: text::List::default(),
            shown: 0,
        }
    }

    pub(super) fn page(&mut self, page: &DeadLetterPage, out: &mut Output) {
        if page.letters.is_empty() {
            return;
        }
        match self.format {
            Format::Human => out.text(self.columns.page(page)),
            Format::Json => self.page_of_json(page, out),
        }
        self.shown += page.letters.len() as u64;
    }

    /// Pages make one document together: an object whose `letters` have a line each.
    fn page_of_json(&self, page: &DeadLetterPage, out: &mut Output) {
        let mut lines = String::new();
        for (at, letter) in (self.shown..).zip(&page.letters) {
            let before = if at == 0 { "{\"letters\": [\n" } else { ",\n" };
            lines.push_str(before);
            lines.push_str(&json!(letter).to_string());
        }
        out.part(&lines);
    }

    /// Ends the list: how many letters there are, if that is known, and where it goes on.
    pub(super) fn end(&self, total: Option<u64>, next: Option<DeadLetterId>, out: &mut Output) {
        match self.format {
            // The last line of a list that is whole is a letter, for programs that read it.
            Format::Human if next.is_none() && self.shown > 0 => {
                note(text::total(self.shown, total, next));
            }
            Format::Human => out.text(text::total(self.shown, total, next)),
            Format::Json => {
                let before = if self.shown == 0 {
                    "{\"letters\": ["
                } else {
                    "\n"
                };
                let next = next.map_or_else(String::new, |next| format!(", \"next\": \"{next}\""));
                let total = json!(total);
                out.text(format_args!("{before}], \"total\": {total}{next}}}"));
            }
        }
    }
}
