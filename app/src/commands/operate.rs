//! What a running service does with one of its plugins, or with its config: `start`, `stop`,
//! `restart`, `reload`, `load`, `unload`, `enable` and `disable`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::service::Service;
use crate::cli::{Change, Place, Reload, Removal, Stop, Target};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::report::millis;
use crate::table::Table;

/// What is asked for.
pub(super) struct Asked<'a> {
    /// The plugin that it is asked of; else it is the whole.
    plugin: Option<&'a str>,
    action: &'static str,
    /// The word for it when it is done.
    done: &'static str,
    /// How it is meant: the keys of the request that are true.
    flags: [(&'static str, bool); 2],
}

/// What it did, as far as people are told.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Outcome {
    plugins: Vec<String>,
    changes: Vec<InstanceChange>,
    later: Vec<String>,
    dead_lettered: usize,
    lost: usize,
    /// Why it has not ended yet.
    detail: Option<String>,
}

/// What it did to one instance.
#[derive(Debug, Deserialize)]
struct InstanceChange {
    plugin: String,
    action: String,
    #[serde(default)]
    keys: Vec<String>,
    took_us: u64,
}

impl<'a> Asked<'a> {
    fn of(plugin: &'a str, action: &'static str, done: &'static str) -> Self {
        Self {
            plugin: Some(plugin),
            action,
            done,
            flags: [("cascade", false), ("dry_run", false)],
        }
    }

    pub(super) fn start(target: &'a Target) -> Self {
        Self::of(&target.plugin, "start", "started")
    }

    pub(super) fn stop(stop: &'a Stop) -> Self {
        Self::of(&stop.target.plugin, "stop", "stopped").with(stop.cascade, false)
    }

    pub(super) fn restart(target: &'a Target) -> Self {
        Self::of(&target.plugin, "restart", "restarted")
    }

    pub(super) fn reload(reload: &'a Reload) -> Self {
        let asked = Self::of("", "reload", "reloaded").with(false, reload.dry_run);
        Self {
            plugin: reload.plugin.as_deref(),
            ..asked
        }
    }

    pub(super) fn load(change: &'a Change) -> Self {
        Self::of(&change.plugin, "load", "loaded").with(false, change.dry_run)
    }

    pub(super) fn enable(change: &'a Change) -> Self {
        Self::of(&change.plugin, "enable", "enabled").with(false, change.dry_run)
    }

    pub(super) fn unload(removal: &'a Removal) -> Self {
        let asked = Self::of(&removal.change.plugin, "unload", "unloaded");
        asked.with(removal.cascade, removal.change.dry_run)
    }

    pub(super) fn disable(removal: &'a Removal) -> Self {
        let asked = Self::of(&removal.change.plugin, "disable", "disabled");
        asked.with(removal.cascade, removal.change.dry_run)
    }

    fn with(mut self, cascade: bool, dry_run: bool) -> Self {
        self.flags = [("cascade", cascade), ("dry_run", dry_run)];
        self
    }

    /// Only what is asked for is named: a service of an earlier version refuses what it does not
    /// know.
    fn body(&self) -> Value {
        let flags = self.flags.iter().filter(|(_, is_set)| *is_set);
        flags
            .map(|(name, is_set)| ((*name).to_owned(), Value::from(*is_set)))
            .collect::<Map<_, _>>()
            .into()
    }
}

pub(super) fn operate(place: &Place, asked: &Asked<'_>, out: &mut Output) -> Result<Exit, Failure> {
    let path = match asked.plugin {
        Some(plugin) => vec!["plugins", plugin, asked.action],
        None => vec![asked.action],
    };
    let answer = Service::of(place)?.post(&path, &asked.body())?;
    match out.format() {
        Format::Json => out.json(&answer.body),
        Format::Human => {
            let outcome: Outcome = super::service::read(answer.body)?;
            out.text(told(asked, &outcome));
        }
    }
    Ok(Exit::Ok)
}

fn told(asked: &Asked<'_>, outcome: &Outcome) -> String {
    if let Some(detail) = &outcome.detail {
        return format!("accepted: {detail}");
    }
    let is_plan = asked.flags[1].1;
    let mut text = match (outcome.changes.as_slice(), outcome.plugins.as_slice()) {
        ([], []) if is_plan => "nothing would change".to_owned(),
        ([], []) if asked.action == "stop" => {
            "nothing ran: a restart that was planned is off".to_owned()
        }
        ([], []) => "nothing has changed".to_owned(),
        ([], plugins) => format!("{}: {}", asked.done, plugins.join(", ")),
        (changes, _) => table(changes, is_plan).to_string().trim_end().to_owned(),
    };
    let mut more = |line: String| {
        text.push('\n');
        text.push_str(&line);
    };
    if !outcome.later.is_empty() {
        let keys = outcome.later.join(", ");
        more(format!(
            "changed, and taken over at the next start of the service: {keys}"
        ));
    }
    if outcome.dead_lettered > 0 {
        let count = outcome.dead_lettered;
        more(format!(
            "{count} accepted events were not handled and are dead letters: see `dead-letters list`"
        ));
    }
    if outcome.lost > 0 {
        more(format!("{} accepted events are lost", outcome.lost));
    }
    text
}

fn table(changes: &[InstanceChange], is_plan: bool) -> Table {
    let headings = match is_plan {
        true => ["instance", "would", ">ms", "because of"],
        false => ["instance", "did", ">ms", "because of"],
    };
    let mut table = Table::new(&headings);
    for change in changes {
        let took = std::time::Duration::from_micros(change.took_us);
        table.row([
            change.plugin.clone(),
            change.action.clone(),
            if is_plan { String::new() } else { millis(took) },
            change.keys.join(", "),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::commands::service;

    fn asked(dry_run: bool) -> Asked<'static> {
        Asked::of("a", "unload", "unloaded").with(true, dry_run)
    }

    #[test]
    fn what_a_stop_left_behind_is_told() {
        let outcome = json!({"plugins": ["b", "a"], "dead_lettered": 2, "lost": 0});
        assert_eq!(
            told(&asked(false), &service::read(outcome).unwrap()),
            "unloaded: b, a\n2 accepted events were not handled and are dead letters: see \
             `dead-letters list`"
        );
        let stop = Asked::of("a", "stop", "stopped");
        let nothing = told(&stop, &Outcome::default());
        assert_eq!(nothing, "nothing ran: a restart that was planned is off");
    }

    #[test]
    fn what_changes_is_told_of_each_instance() {
        let outcome = json!({
            "plugins": ["a"], "later": ["plugin_manager.audit"], "a key of a later version": 1,
            "changes": [
                {"plugin": "a", "action": "restart", "keys": ["a.timeout"], "took_us": 1500},
                {"plugin": "b", "action": "load", "took_us": 0},
            ],
        });
        let outcome: Outcome = service::read(outcome).unwrap();
        assert_eq!(
            told(&asked(false), &outcome),
            "instance  did         ms  because of\n\
             a         restart  1.500  a.timeout\n\
             b         load     0.000\n\
             changed, and taken over at the next start of the service: plugin_manager.audit"
        );
        assert!(told(&asked(true), &outcome).starts_with("instance  would    ms  because of\n"));
        assert_eq!(
            told(&asked(true), &Outcome::default()),
            "nothing would change"
        );
    }

    #[test]
    fn only_what_is_asked_for_is_named() {
        assert_eq!(asked(false).body(), json!({"cascade": true}));
        assert_eq!(Asked::of("a", "start", "started").body(), json!({}));
    }
}
