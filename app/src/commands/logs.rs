//! `logs`: the last lines of the log of the running service, and those that come.

use plugin_core::{InstanceName, printable};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer;
use super::service::{Service, Step};
use super::tap::clock;
use crate::cli::{LogLevel, Logs, Place};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output, Paint, note};

/// A line.
#[derive(Debug, Deserialize)]
struct LogLine {
    at: String,
    level: String,
    target: String,
    plugin: Option<String>,
    message: String,
    #[serde(default)]
    fields: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct LogList {
    lines: Vec<Value>,
}

pub(super) fn logs(place: &Place, options: &Logs, out: &mut Output) -> Result<Exit, Failure> {
    let service = Service::of(place)?;
    let limit = options.limit.to_string();
    let mut query = vec![("level", options.level.word().to_owned()), ("limit", limit)];
    query.extend(options.plugin.clone().map(|plugin| ("plugin", plugin)));
    let list: LogList = answer::read(service.get_with(&["logs"], &query)?)?;
    let mut last = 0;
    for line in list.lines {
        last = line["number"].as_u64().unwrap_or(last);
        show(line, out)?;
    }
    if !options.follow {
        return Ok(Exit::Ok);
    }
    let query = [("topics", "logs".to_owned())];
    service.listen(&query, |message| {
        match message.event.as_str() {
            // Between the two questions some lines came, and stand in both answers.
            "log" if message.data["number"].as_u64() <= Some(last) => {}
            "log" if is_wanted(&message.data, options) => show(message.data, out)?,
            "dropped" => note("lines are missing: they came faster than they could be read"),
            _ => {}
        }
        Ok(if out.is_broken() {
            Step::Enough
        } else {
            Step::On
        })
    })
}

fn is_wanted(line: &Value, options: &Logs) -> bool {
    let level = LogLevel::of(line["level"].as_str().unwrap_or_default());
    let is_of = |plugin: &String| {
        let name = line["plugin"].as_str().unwrap_or_default();
        let parts = InstanceName::of(name);
        [name, parts.section, parts.plugin].contains(&plugin.as_str())
    };
    level <= options.level && options.plugin.as_ref().is_none_or(is_of)
}

fn show(line: Value, out: &mut Output) -> Result<(), Failure> {
    if out.format() == Format::Json {
        out.json_line(&line);
        return Ok(());
    }
    let line: LogLine = answer::read(line)?;
    let paint = match line.level.as_str() {
        "error" => Some(Paint::Red),
        "warn" => Some(Paint::Yellow),
        _ => None,
    };
    out.line(&told(&line), paint);
    Ok(())
}

fn told(line: &LogLine) -> String {
    let who = line.plugin.as_deref().unwrap_or(&line.target);
    let mut text = format!(
        "{} {:>5} {who}: {}",
        clock(&line.at),
        line.level.to_uppercase(),
        line.message
    );
    for (name, value) in &line.fields {
        if name != "plugin" || value.as_str() != line.plugin.as_deref() {
            text.push_str(&format!(" {name}={value}"));
        }
    }
    printable::line(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_says_who_and_what_and_the_level_decides() {
        let line = json!({
            "number": 3, "at": "2026-11-30T20:15:02.114Z", "level": "warn", "target": "x",
            "plugin": "hello-plugin@eu", "message": "no\nluck", "fields": {"plugin": "hello-plugin@eu", "n": 3},
        });
        let wanted = |plugin: Option<&str>, level| {
            let options = Logs {
                plugin: plugin.map(str::to_owned),
                follow: true,
                level,
                limit: 1,
            };
            is_wanted(&line, &options)
        };
        assert!(wanted(None, LogLevel::Warn) && !wanted(None, LogLevel::Error));
        assert!(wanted(Some("hello-plugin"), LogLevel::Trace));
        assert!(!wanted(Some("cache-plugin"), LogLevel::Trace));
        let told = told(&answer::read(line.clone()).unwrap());
        assert_eq!(told, r"20:15:02.114  WARN hello-plugin@eu: no\nluck n=3");
    }
}
