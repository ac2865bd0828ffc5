//! The grammar of `${…}` in a value, which is read once from left to right.
//!
//! ```text
//! value   = { text | escape | "${" NAME [ ":-" default ] "}" }
//! default = a value in which the first "}" that is not part of an inner "${…}" ends it
//! escape  = "$${" for "${"  |  "$}" for "}"  |  "$$}" for "$" before an end
//! NAME    = letter or "_", then letters, digits and "_", all of ASCII
//! ```
//!
//! A default is always parsed, but its variables are looked up only if the default is used. A `}`
//! after a default that closes nothing is refused, because it was probably meant to be part of the
//! default.

use std::fmt;

use crate::config::reading::LARGEST;
use crate::config::variables::{Variable, Variables};

/// Deepest nesting of defaults.
const DEEPEST: usize = 16;

/// Most faults that are reported for one value.
const MOST: usize = 10;

/// Longest part of an invalid name that is shown, in characters.
const LONGEST: usize = 60;

/// The result of replacing the variables of a value.
#[derive(Debug, PartialEq)]
pub(super) enum Filled {
    /// The value was a single `${…}` and nothing else.
    Whole(String),
    /// The value was text that contained `${…}`.
    Part(String),
}

/// A fault that prevents the replacement, and the byte at which it begins.
#[derive(Debug, PartialEq)]
pub(super) struct ExpansionFault {
    pub(super) at: usize,
    pub(super) what: What,
}

#[derive(Debug, PartialEq)]
pub(super) enum What {
    Missing(String),
    Garbled(String),
    BadName(String),
    Unclosed,
    Stray,
    TooDeep,
    TooLong(String),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(
                f,
                "environment variable `{name}` is not set: set it, or write `${{{name}:-default}}`"
            ),
            Self::Garbled(name) => write!(
                f,
                "environment variable `{name}` is set to bytes that are no Unicode: set it to UTF-8"
            ),
            Self::BadName(name) => write!(
                f,
                "`{name}` is no name of a variable: letters, digits and `_`, and then `}}` or `:-`; for the text itself write `$${{`"
            ),
            Self::Unclosed => f.write_str(
                "a `${` is not closed by `}`; for the text itself write `$${`, and `$$}` for a `$` before the end",
            ),
            Self::Stray => f.write_str(
                "a `}` closes nothing: the `${…}` before it has ended already; for a `}` in a default, or for the text itself, write `$}`",
            ),
            Self::TooDeep => write!(f, "more than {DEEPEST} defaults are in each other"),
            Self::TooLong(name) => write!(
                f,
                "with environment variable `{name}` the values of the section hold more than {LARGEST} bytes of variables"
            ),
        }
    }
}

/// Replaces the variables of a value, or returns all faults that prevent it. `room` is the number
/// of bytes that variables may still add; the bytes that are added are subtracted.
pub(super) fn expand(
    text: &str,
    variables: &Variables,
    room: &mut usize,
) -> Result<Filled, Vec<ExpansionFault>> {
    let mut reader = TemplateReader {
        text,
        at: 0,
        variables,
        room: *room,
        faults: Vec::new(),
    };
    let whole = reader.whole();
    let filled = match whole {
        Some(text) => Filled::Whole(text),
        None => {
            (reader.at, reader.room) = (0, *room);
            reader.faults.clear();
            Filled::Part(reader.outer())
        }
    };
    *room = reader.room;
    match reader.faults.is_empty() {
        true => Ok(filled),
        false => Err(reader.faults),
    }
}

struct TemplateReader<'a> {
    text: &'a str,
    at: usize,
    variables: &'a Variables,
    room: usize,
    faults: Vec<ExpansionFault>,
}

impl<'a> TemplateReader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fault(&mut self, at: usize, what: What) {
        if self.faults.len() < MOST {
            self.faults.push(ExpansionFault { at, what });
        }
    }

    /// The value, if it is a single `${…}`.
    fn whole(&mut self) -> Option<String> {
        if !self.take("${") {
            return None;
        }
        let value = self.variable(0, true);
        self.rest().is_empty().then_some(value)
    }

    /// Skips a word if it comes next, and returns whether it did.
    fn take(&mut self, word: &str) -> bool {
        let is_next = self.rest().starts_with(word);
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    /// Reads the whole value.
    fn outer(&mut self) -> String {
        let mut filled = String::new();
        // Braces that belong to the text itself close only each other.
        let (mut open, mut had_default) = (0_usize, false);
        while let Some(next) = self.rest().chars().next() {
            let begin = self.at;
            if let Some(text) = self.escape(false) {
                open += usize::from(text == "${");
                filled.push_str(text);
            } else if self.take("${") {
                filled.push_str(&self.variable(0, true));
                had_default |= self.text[begin..self.at].contains(":-");
            } else {
                self.at += next.len_utf8();
                match next {
                    '{' => open += 1,
                    '}' if open > 0 => open -= 1,
                    '}' if had_default => self.fault(begin, What::Stray),
                    _ => {}
                }
                filled.push(next);
            }
        }
        filled
    }

    /// Reads an escape and returns the text that it stands for.
    fn escape(&mut self, in_default: bool) -> Option<&'static str> {
        if self.take("$${") {
            return Some("${");
        }
        if self.take("$}") {
            return Some("}");
        }
        if in_default && self.rest().starts_with("$$}") {
            self.at += 2;
            return Some("$");
        }
        None
    }

    /// Reads the text between `${` and `}`. `depth` counts the surrounding defaults.
    fn variable(&mut self, depth: usize, is_needed: bool) -> String {
        let begin = self.at - 2;
        let length = (self.rest().bytes())
            .take_while(|byte| *byte == b'_' || byte.is_ascii_alphanumeric())
            .count();
        let name = &self.rest()[..length];
        let is_name = name.starts_with(|c: char| !c.is_ascii_digit());
        self.at += length;
        if is_name && self.take("}") {
            return self.look_up(begin, name, None, is_needed);
        }
        if is_name && self.take(":-") {
            let is_set = !matches!(
                self.variables.get(name),
                Variable::Unset | Variable::Set("")
            );
            let default = self.default(begin, depth + 1, is_needed && !is_set);
            return self.look_up(begin, name, Some(default), is_needed);
        }
        let bad = &self.text[begin + 2..];
        let end = bad.find(['}', '\n']).unwrap_or(bad.len());
        let bad = bad[..end].split(":-").next().unwrap_or_default();
        let bad = bad.chars().take(LONGEST).collect();
        let before = self.faults.len();
        self.default(begin, depth + 1, false);
        if self.faults.len() == before {
            self.fault(begin, What::BadName(bad));
        }
        String::new()
    }

    /// Reads a default, up to the `}` that belongs to the `${` at `begin`.
    fn default(&mut self, begin: usize, depth: usize, is_needed: bool) -> String {
        let mut filled = String::new();
        while let Some(next) = self.rest().chars().next() {
            if let Some(text) = self.escape(true) {
                filled.push_str(text);
            } else if self.take("${") {
                if depth > DEEPEST {
                    self.fault(begin, What::TooDeep);
                    self.at = self.text.len();
                    return filled;
                }
                filled.push_str(&self.variable(depth, is_needed));
            } else if self.take("}") {
                return filled;
            } else {
                self.at += next.len_utf8();
                filled.push(next);
            }
        }
        // The surrounding default is not closed either.
        if self
            .faults
            .last()
            .is_none_or(|last| last.what != What::Unclosed)
        {
            self.fault(begin, What::Unclosed);
        }
        filled
    }

    /// Looks up a variable. As in a shell, the default is also used if the variable is empty.
    fn look_up(
        &mut self,
        begin: usize,
        name: &str,
        default: Option<String>,
        is_needed: bool,
    ) -> String {
        match (self.variables.get(name), default) {
            _ if !is_needed => String::new(),
            (Variable::Garbled, _) => {
                self.fault(begin, What::Garbled(name.to_owned()));
                String::new()
            }
            (Variable::Unset, None) => {
                self.fault(begin, What::Missing(name.to_owned()));
                String::new()
            }
            (Variable::Unset | Variable::Set(""), Some(default)) => default,
            (Variable::Set(value), _) if value.len() > self.room => {
                self.fault(begin, What::TooLong(name.to_owned()));
                String::new()
            }
            (Variable::Set(value), _) => {
                self.room -= value.len();
                value.to_owned()
            }
        }
    }
}

#[cfg(test)]
#[path = "expand_tests.rs"]
mod tests;
