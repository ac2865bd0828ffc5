//! `tap`: the events of the running service, as they are published.

use serde::Deserialize;
use serde_json::Value;

use super::answer;
use super::service::{Service, Step};
use crate::cli::{Place, Tap};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output, note};

/// An event, as far as people are told.
#[derive(Debug, Deserialize)]
struct Tapped {
    topic: String,
    at: String,
    publisher: String,
    payload: Value,
    left_out_bytes: Option<usize>,
}

/// What was left out.
#[derive(Debug, Deserialize)]
struct LeftOut {
    seen: u64,
    shown: u64,
    lost: u64,
}

pub(super) fn tap(place: &Place, options: &Tap, out: &mut Output) -> Result<Exit, Failure> {
    let topic = format!("tap:{}", options.pattern);
    let mut query = vec![("topics", topic)];
    query.extend(options.filter.clone().map(|filter| ("filter", filter)));
    query.extend(options.sample.map(|sample| ("sample", sample.to_string())));
    query.extend(options.limit.map(|limit| ("limit", limit.to_string())));
    Service::of(place)?.listen(&query, |message| {
        match (message.event.as_str(), out.format()) {
            ("hello", Format::Human) if !message.data["unmatched"][0].is_null() => {
                note(format_args!(
                    "no event of this service matches `{}`: `graph` lists the topics",
                    options.pattern
                ))
            }
            ("tap", Format::Json) => out.json_line(&message.data),
            ("tap", Format::Human) => out.text(line(&answer::read(message.data)?)),
            ("dropped", Format::Json) => {
                out.json_line(&serde_json::json!({"dropped": message.data}));
            }
            ("dropped", Format::Human) => note(told(&answer::read(message.data)?)),
            _ => {}
        }
        Ok(if out.is_broken() {
            Step::Enough
        } else {
            Step::On
        })
    })
}

fn line(event: &Tapped) -> String {
    let data = match event.left_out_bytes {
        Some(bytes) => format!("({bytes} bytes of data, too many to show)"),
        None => event.payload.to_string(),
    };
    let text = format!(
        "{}  {}  {}  {data}",
        clock(&event.at),
        event.topic,
        event.publisher
    );
    plugin_core::printable::line(&text).into_owned()
}

fn told(counts: &LeftOut) -> String {
    let LeftOut { seen, shown, lost } = counts;
    let lost = match lost {
        0 => String::new(),
        lost => format!(", {lost} lost because they came too fast"),
    };
    format!("seen {seen}, shown {shown}{lost}")
}

/// The time of day of a moment.
pub(super) fn clock(at: &str) -> &str {
    let time = at.split_once('T').map_or(at, |(_, time)| time);
    time.trim_end_matches('Z')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_a_line_and_what_is_left_out_is_a_sentence() {
        let event = json!({
            "topic": "user.login", "at": "2026-11-30T20:15:02.114Z", "publisher": "api-plugin",
            "id": "1", "trace": "00", "payload": {"user_id": "a\u{1b}b"},
        });
        let event: Tapped = answer::read(event).unwrap();
        assert_eq!(
            line(&event),
            r#"20:15:02.114  user.login  api-plugin  {"user_id":"a\u001bb"}"#
        );
        let counts = |lost| LeftOut {
            seen: 12_000,
            shown: 100,
            lost,
        };
        assert_eq!(told(&counts(0)), "seen 12000, shown 100");
        assert_eq!(
            told(&counts(3)),
            "seen 12000, shown 100, 3 lost because they came too fast"
        );
    }
}
