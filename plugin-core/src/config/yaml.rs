//! Parses YAML text into nodes, with limits so that no text takes long.
//!
//! This is the only file that uses the parsers. `saphyr-parser` gives the structure, with the place
//! of each part and the text of each scalar as written. `serde_yaml` decides which scalars are
//! numbers; it is archived upstream. To replace it, rewrite [`scalar`].

mod fault;
mod tree;

use saphyr_parser::{Marker, Parser, ScalarStyle, Tag};
use serde_json::Number;

use super::issue::{Issue, IssueKind};
use super::node::{Data, Node};
use super::origin::Origin;
use super::reading::{LARGEST, too_large};
use tree::Tree;

/// Deepest nesting of sections and lists.
const DEEPEST: usize = 64;

/// Parses a text; `origin` names it.
pub(super) fn parse(text: &str, origin: &Origin) -> Result<Node, Vec<Issue>> {
    if text.len() > LARGEST {
        let what = too_large(text.len() as u64);
        return Err(vec![Issue::new(IssueKind::Syntax, origin, "", what)]);
    }
    let mut tree = Tree::of(origin);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The parser takes it for the end of the text.
    if let Some((before, _)) = text.split_once('\0') {
        let last = before.rsplit('\n').next().unwrap_or_default();
        let place = (before.matches('\n').count() + 1, last.chars().count() + 1);
        let issue = tree.fault(place, fault::NUL);
        return Err(tree.faulty(*issue));
    }
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let taken = match next {
            Ok((event, span)) => tree.take(event, mark(&span.start)),
            Err(error) => {
                let what = fault::told(error.info(), tree.opened());
                Err(tree.fault(mark(error.marker()), what))
            }
        };
        if let Err(issue) = taken {
            return Err(tree.faulty(*issue));
        }
    }
    tree.finish()
}

/// Parses a value of one line, in the notation that an operator uses in a variable.
pub(super) fn value(text: &str, place: &Origin) -> Option<Node> {
    parse(text, place).ok()
}

/// Line and column, both counted from 1.
fn mark(mark: &Marker) -> (usize, usize) {
    (mark.line(), mark.col() + 1)
}

/// The value of a scalar, and its text, if the text differs from the value.
fn scalar(
    text: String,
    style: ScalarStyle,
    tag: Option<&Tag>,
) -> Result<(Data, Option<Box<str>>), String> {
    let is_plain = style == ScalarStyle::Plain;
    let data = match tag {
        None if is_plain => plain(&text)?,
        None => None,
        Some(tag) => tagged(&text, tag)?,
    };
    Ok(match data {
        Some(data) => (data, Some(text.into())),
        None => (Data::Text(text), None),
    })
}

/// The value of a plain scalar; `None` if it is text.
fn plain(text: &str) -> Result<Option<Data>, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Some(Data::Null)),
        "true" | "True" | "TRUE" => return Ok(Some(Data::Bool(true))),
        "false" | "False" | "FALSE" => return Ok(Some(Data::Bool(false))),
        _ => {}
    }
    let may_be_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let number = if may_be_number { number(text) } else { None };
    match number {
        Some(number) if number.is_u64() => Ok(number.as_u64().map(|it| Data::Number(it.into()))),
        Some(number) if number.is_i64() => Ok(number.as_i64().map(|it| Data::Number(it.into()))),
        Some(number) => match number.as_f64().and_then(Number::from_f64) {
            Some(number) => Ok(Some(Data::Number(number))),
            None => Err(format!(
                "expected a finite number, found `{text}`: write a number, or `\"{text}\"` for the text"
            )),
        },
        None => Ok(None),
    }
}

fn number(text: &str) -> Option<serde_yaml::Number> {
    let is_long = || {
        let digits = text.trim_start_matches(['+', '-']);
        digits.starts_with(|c: char| ('1'..='9').contains(&c))
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    match text.parse::<serde_yaml::Number>() {
        Ok(number) => Some(number),
        // It is an integer that no integer type can hold.
        Err(_) if is_long() => text.parse::<f64>().ok().map(Into::into),
        Err(_) => None,
    }
}

/// The value of a scalar with a tag; `None` if it is text. Only YAML's own tags are supported.
fn tagged(text: &str, tag: &Tag) -> Result<Option<Data>, String> {
    if !tag.is_yaml_core_schema() {
        return Err(no_tag());
    }
    let data = match tag.suffix.as_str() {
        "str" => return Ok(None),
        "null" | "bool" | "int" | "float" => plain(text)?,
        _ => return Err(no_tag()),
    };
    let is_right = match (tag.suffix.as_str(), &data) {
        ("null", Some(Data::Null)) | ("bool", Some(Data::Bool(_))) => true,
        ("int", Some(Data::Number(number))) => !number.is_f64(),
        ("float", Some(Data::Number(_))) => true,
        _ => false,
    };
    match is_right {
        true => Ok(data),
        false => Err(format!("the value is no `!!{}`", tag.suffix)),
    }
}

/// The message for an unknown tag. It does not show the tag, because a password without quotes can
/// look like one.
fn no_tag() -> String {
    "expected a value without a tag: write the value alone, and in quotes if it is text that begins with `!`".to_owned()
}

#[cfg(test)]
mod tests;
