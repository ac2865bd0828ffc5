//! A line of the log, as text and as JSON.
//!
//! Invariant: a line is always one line. Characters that a terminal would obey are escaped, so that
//! no user's input can forge a line, move the cursor or reverse the order of letters.

use std::fmt::{self, Write};

use plugin_core::printable;
use serde_json::{Map, Value, json};
use tracing::Level;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::fields::Fields;

/// A line of the log.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) level: Level,
    /// The plugin whose code wrote it, or to which it refers.
    pub(crate) plugin: Option<&'a str>,
    /// The event that was being handled.
    pub(crate) event: Option<&'a str>,
    /// The trace to which it belongs, and the span.
    pub(crate) trace: Option<&'a str>,
    pub(crate) span: Option<&'a str>,
    /// Module of the code that wrote it.
    pub(crate) target: &'a str,
    pub(crate) fields: &'a Fields,
    /// Name and fields of each surrounding span, the outermost first.
    pub(crate) spans: &'a [(&'static str, &'a Fields)],
}

impl Line<'_> {
    /// Appends the line as text.
    pub(crate) fn write_text(&self, out: &mut String, color: bool) -> fmt::Result {
        write_time(out)?;
        let (on, off) = if color {
            (paint(self.level), "\x1b[0m")
        } else {
            ("", "")
        };
        write!(
            out,
            " {on}{:>5}{off} {}",
            self.level,
            printable::line(self.plugin.unwrap_or(self.target))
        )?;
        if let Some(event) = self.event {
            write!(out, " event={}", printable::line(event))?;
        }
        if let Some(trace) = self.trace {
            write!(out, " trace={}", printable::line(trace))?;
        }
        for (name, fields) in self.spans {
            write!(out, " {name}{{")?;
            self.write_fields(out, fields, "")?;
            out.push('}');
        }
        out.push_str(": ");
        out.push_str(&printable::line(&self.fields.message));
        self.write_fields(out, self.fields, " ")?;
        out.push('\n');
        Ok(())
    }

    /// Appends the line as a JSON object.
    pub(crate) fn write_json(&self, out: &mut String) -> fmt::Result {
        let mut time = String::new();
        write_time(&mut time)?;
        let mut object = Map::new();
        object.insert("time".to_owned(), time.into());
        object.insert(
            "level".to_owned(),
            self.level.as_str().to_lowercase().into(),
        );
        for (name, value) in self.named() {
            if let Some(value) = value {
                object.insert(name.to_owned(), value.into());
            }
        }
        object.insert("target".to_owned(), self.target.into());
        object.insert("message".to_owned(), self.fields.message.as_str().into());
        object.insert("fields".to_owned(), self.fields.to_json().into());
        if !self.spans.is_empty() {
            let span = |(name, fields): &(&str, &Fields)| json!({ "name": name, "fields": fields.to_json() });
            object.insert("spans".to_owned(), self.spans.iter().map(span).collect());
        }
        let document = Value::Object(object).to_string();
        writeln!(out, "{}", printable::json(&document))
    }

    /// The fields at the beginning of a line.
    fn named(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("plugin", self.plugin),
            ("event", self.event),
            ("trace_id", self.trace),
            ("span_id", self.span),
        ]
    }

    /// Writes each field as `name=value`, with `before` in front of the first one. Fields at the
    /// beginning of the line are left out.
    fn write_fields(&self, out: &mut String, fields: &Fields, before: &str) -> fmt::Result {
        let shown = self.named();
        let is_shown = |name, value: &Value| shown.contains(&(name, value.as_str()));
        let mut separator = before;
        for (name, value) in fields
            .rest
            .iter()
            .filter(|(name, value)| !is_shown(name, value))
        {
            write!(out, "{separator}{name}=")?;
            match value {
                Value::String(text) if is_plain(text) => out.push_str(text),
                Value::String(text) => write_quoted(out, text),
                value => write!(out, "{value}")?,
            }
            separator = " ";
        }
        Ok(())
    }
}

fn write_time(out: &mut String) -> fmt::Result {
    SystemTime.format_time(&mut Writer::new(out))
}

/// Whether a value can be distinguished from its surroundings without quotes.
fn is_plain(text: &str) -> bool {
    let special =
        |char: char| printable::is_obeyed(char) || char.is_whitespace() || "\"'={}".contains(char);
    !text.is_empty() && !text.contains(special)
}

/// Writes a text in quotes, with quotes inside of it escaped.
fn write_quoted(out: &mut String, text: &str) {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    out.push('"');
    out.push_str(&printable::line(&text));
    out.push('"');
}

/// The escape sequence of a level's colour.
fn paint(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::Line;
    use crate::fields::Fields;

    fn fields(message: &str, rest: &[(&'static str, &str)]) -> Fields {
        let mut fields = Fields::new(1000);
        fields.message = message.to_owned();
        fields.rest = (rest.iter())
            .map(|&(name, value)| (name, value.into()))
            .collect();
        fields
    }

    fn text(line: &Line<'_>) -> String {
        let mut out = String::new();
        line.write_text(&mut out, false).unwrap();
        let (time, rest) = out.split_once(' ').unwrap();
        assert!(time.ends_with('Z'), "{time}");
        rest.to_owned()
    }

    fn line<'a>(fields: &'a Fields, spans: &'a [(&'static str, &'a Fields)]) -> Line<'a> {
        Line {
            level: Level::INFO,
            plugin: Some("hello-plugin"),
            event: Some("1a"),
            trace: Some("4bf92f3577b34da6a3ce929d0e0e4736"),
            span: Some("00f067aa0ba902b7"),
            target: "plugin_hello",
            fields,
            spans,
        }
    }

    #[test]
    fn text_names_plugin_and_event() {
        let fields = fields(
            "user logged in",
            &[("user_id", "12345"), ("from", "the office")],
        );
        assert_eq!(
            text(&line(&fields, &[])),
            " INFO hello-plugin event=1a trace=4bf92f3577b34da6a3ce929d0e0e4736: user logged in \
             user_id=12345 from=\"the office\"\n"
        );
    }

    #[test]
    fn text_shows_the_spans() {
        let (inner, outer) = (fields("done", &[]), fields("", &[("path", "/login")]));
        assert_eq!(
            text(&line(&inner, &[("request", &outer)])),
            " INFO hello-plugin event=1a trace=4bf92f3577b34da6a3ce929d0e0e4736 \
             request{path=/login}: done\n"
        );
    }

    #[test]
    fn input_can_not_forge_a_line() {
        let fields = fields("hello\nERROR", &[("user_id", "x\n2026 ERROR \u{1b}[2J")]);
        let text = text(&line(&fields, &[]));
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn report_a10_no_part_of_a_line_is_obeyed() {
        let hostile = "x\u{9b}2J\u{202e}\u{200b}\u{2028}\r\n\u{7f}\"y";
        let fields = fields(hostile, &[("user_id", hostile), ("plain", "a\u{202e}b")]);
        let line = Line {
            plugin: Some(hostile),
            event: Some(hostile),
            trace: Some(hostile),
            ..line(&fields, &[])
        };
        let obeyed = |char: char| char != '\n' && plugin_core::printable::is_obeyed(char);
        let text = text(&line);
        assert!(!text.contains(obeyed), "{text}");
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        assert!(
            text.contains(r#"user_id="x\u{9b}2J\u{202e}\u{200b}\u{2028}\r\n\u{7f}\"y""#),
            "{text}"
        );
        let mut json = String::new();
        line.write_json(&mut json).unwrap();
        assert!(!json.contains(obeyed), "{json}");
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["message"], hostile);
    }

    #[test]
    fn json_is_one_object_with_all_of_it() {
        let (inner, outer) = (fields("done", &[("n", "3")]), fields("", &[("path", "/")]));
        let mut out = String::new();
        line(&inner, &[("request", &outer)])
            .write_json(&mut out)
            .unwrap();
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(json["level"], "info");
        assert_eq!(json["plugin"], "hello-plugin");
        assert_eq!(json["event"], "1a");
        assert_eq!(json["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(json["span_id"], "00f067aa0ba902b7");
        assert_eq!(json["message"], "done");
        assert_eq!(json["fields"]["n"], "3");
        assert_eq!(json["spans"][0]["fields"]["path"], "/");
    }
}
