//! `start`, `stop` and `restart`: what a running service does with one of its plugins.

use serde::Deserialize;
use serde_json::{Value, json};

use super::service::Service;
use crate::cli::{Place, Stop, Target};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};

/// What it did, as far as people are told.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Outcome {
    plugins: Vec<String>,
    dead_lettered: usize,
    lost: usize,
    /// Why it has not ended yet.
    detail: Option<String>,
}

pub(super) fn start(place: &Place, target: &Target, out: &mut Output) -> Result<Exit, Failure> {
    operate(place, target, ("start", "started"), &json!({}), out)
}

pub(super) fn stop(place: &Place, stop: &Stop, out: &mut Output) -> Result<Exit, Failure> {
    let body = json!({ "cascade": stop.cascade });
    operate(place, &stop.target, ("stop", "stopped"), &body, out)
}

pub(super) fn restart(place: &Place, target: &Target, out: &mut Output) -> Result<Exit, Failure> {
    operate(place, target, ("restart", "restarted"), &json!({}), out)
}

fn operate(
    place: &Place,
    target: &Target,
    (action, done): (&str, &str),
    body: &Value,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let answer = Service::of(place)?.post(&["plugins", &target.plugin, action], body)?;
    match out.format() {
        Format::Json => out.json(&answer.body),
        Format::Human => {
            let outcome = Outcome::deserialize(&answer.body).unwrap_or_default();
            out.text(told(done, &outcome));
        }
    }
    Ok(Exit::Ok)
}

fn told(done: &str, outcome: &Outcome) -> String {
    let mut text = match (&outcome.detail, outcome.plugins.as_slice()) {
        (Some(detail), _) => format!("accepted: {detail}"),
        (None, []) => "nothing ran: a restart that was planned is off".to_owned(),
        (None, plugins) => format!("{done}: {}", plugins.join(", ")),
    };
    let mut count = |count: usize, became: &str| {
        if count > 0 {
            text.push_str(&format!("\n{count} accepted events {became}"));
        }
    };
    count(
        outcome.dead_lettered,
        "were not handled and are dead letters: see `dead-letters list`",
    );
    count(outcome.lost, "are lost");
    text
}

#[cfg(test)]
mod tests {
    use super::{Outcome, told};

    #[test]
    fn what_a_stop_left_behind_is_told() {
        let outcome = Outcome {
            plugins: ["b", "a"].map(str::to_owned).into(),
            dead_lettered: 2,
            ..Outcome::default()
        };
        assert_eq!(
            told("stopped", &outcome),
            "stopped: b, a\n2 accepted events were not handled and are dead letters: see \
             `dead-letters list`"
        );
        let nothing = told("stopped", &Outcome::default());
        assert_eq!(nothing, "nothing ran: a restart that was planned is off");
    }
}
