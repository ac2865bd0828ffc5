//! What a running service does with one of its plugins, or with its config: `start`, `stop`,
//! `restart`, `reload`, `load`, `unload`, `enable` and `disable`.

use std::time::Duration;

use plugin_admin::Answer;
use plugin_core::config::Rollback;
use plugin_core::counted;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::service::Service;
use crate::cli::{ConfigReset, Place, Reload, Removal, SetChange, Stop, Target};
use crate::exit::Exit;
use crate::failure::{Failure, wake};
use crate::output::{Format, Output};
use crate::report;

/// What is asked for.
pub(super) struct OperationRequest<'a> {
    /// The plugin that it is asked of; else it is the whole.
    plugin: Option<&'a str>,
    action: &'static str,
    /// The word for it when it is done.
    done: &'static str,
    /// Whether those that need it are meant too.
    cascade: bool,
    /// Whether it is only told what would happen.
    dry_run: bool,
}

/// What it did, as far as people are told.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Outcome {
    plugins: Vec<String>,
    changes: Vec<InstanceChange>,
    manager: Vec<String>,
    later: Vec<String>,
    overridden: Vec<String>,
    not_kept: Option<String>,
    rollback: Option<Rollback>,
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

impl<'a> OperationRequest<'a> {
    fn of(plugin: Option<&'a str>, action: &'static str, done: &'static str) -> Self {
        Self {
            plugin,
            action,
            done,
            cascade: false,
            dry_run: false,
        }
    }

    /// A change of the config of a plugin.
    pub(super) fn change(plugin: &'a str, dry_run: bool) -> Self {
        Self {
            dry_run,
            ..Self::of(Some(plugin), "config.set", "changed")
        }
    }

    /// The way back to an older config.
    pub(super) fn rollback() -> Self {
        Self::of(None, "config.rollback", "changed")
    }

    pub(super) fn start(target: &'a Target) -> Self {
        Self::of(Some(&target.plugin), "start", "started")
    }

    pub(super) fn stop(stop: &'a Stop) -> Self {
        Self {
            cascade: stop.cascade,
            ..Self::of(Some(&stop.target.plugin), "stop", "stopped")
        }
    }

    pub(super) fn restart(target: &'a Target) -> Self {
        Self::of(Some(&target.plugin), "restart", "restarted")
    }

    pub(super) fn reload(reload: &'a Reload) -> Self {
        Self {
            dry_run: reload.dry_run,
            ..Self::of(reload.plugin.as_deref(), "reload", "reloaded")
        }
    }

    pub(super) fn reset(reset: &'a ConfigReset) -> Self {
        Self {
            dry_run: reset.dry_run,
            ..Self::of(reset.plugin.as_deref(), "reset", "reset")
        }
    }

    pub(super) fn load(change: &'a SetChange) -> Self {
        Self::changing(change, "load", "loaded")
    }

    pub(super) fn enable(change: &'a SetChange) -> Self {
        Self::changing(change, "enable", "enabled")
    }

    pub(super) fn unload(removal: &'a Removal) -> Self {
        Self {
            cascade: removal.cascade,
            ..Self::changing(&removal.change, "unload", "unloaded")
        }
    }

    pub(super) fn disable(removal: &'a Removal) -> Self {
        Self {
            cascade: removal.cascade,
            ..Self::changing(&removal.change, "disable", "disabled")
        }
    }

    fn changing(change: &'a SetChange, action: &'static str, done: &'static str) -> Self {
        Self {
            dry_run: change.dry_run,
            ..Self::of(Some(&change.plugin), action, done)
        }
    }

    /// How commands come through again after what they come through by has been taken away.
    fn way_back(&self, pid: Option<u32>) -> Option<String> {
        if self.plugin != Some("admin-plugin") || self.dry_run {
            return None;
        }
        let before = match self.action {
            "stop" | "unload" => "",
            "disable" => "`config reset admin-plugin` and then ",
            _ => return None,
        };
        Some(format!(
            "no command reaches the service any more: {before}{}",
            wake(pid)
        ))
    }

    /// Only what is asked for is named: a service of an earlier version refuses what it does not
    /// know.
    fn body(&self) -> Value {
        let flags = [("cascade", self.cascade), ("dry_run", self.dry_run)];
        let asked = flags.into_iter().filter(|(_, is_asked)| *is_asked);
        asked
            .map(|(name, is_asked)| (name.to_owned(), Value::from(is_asked)))
            .collect::<Map<_, _>>()
            .into()
    }
}

pub(super) fn operate(
    place: &Place,
    asked: &OperationRequest<'_>,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let path = match asked.plugin {
        Some(plugin) => vec!["plugins", plugin, asked.action],
        None => vec![asked.action],
    };
    let service = Service::of(place)?;
    let answer = service.post(&path, &asked.body())?;
    tell(asked, answer, &service, out)
}

/// Tells what came of it.
pub(super) fn tell(
    asked: &OperationRequest<'_>,
    answer: Answer,
    service: &Service,
    out: &mut Output,
) -> Result<Exit, Failure> {
    match out.format() {
        Format::Json => out.json(&answer.body),
        Format::Human => {
            let outcome: Outcome = super::answer::read(answer.body)?;
            out.text(told(asked, &outcome));
            if let Some(way_back) = asked.way_back(service.pid()) {
                out.text(way_back);
            }
        }
    }
    Ok(Exit::Ok)
}

fn told(asked: &OperationRequest<'_>, outcome: &Outcome) -> String {
    if let Some(detail) = &outcome.detail {
        return format!("accepted: {detail}");
    }
    let mut text = match (outcome.changes.as_slice(), outcome.plugins.as_slice()) {
        ([], []) if asked.action == "stop" => {
            "nothing ran: a restart that was planned is off".to_owned()
        }
        ([], [_, ..]) => format!("{}: {}", asked.done, outcome.plugins.join(", ")),
        (changes, _) => {
            let changes = changes.iter().map(InstanceChange::told);
            let beside = report::Beside {
                manager: &outcome.manager,
                later: &outcome.later,
                overridden: &outcome.overridden,
                not_kept: outcome.not_kept.as_deref(),
                rollback: outcome.rollback.as_ref(),
            };
            report::changed(changes, beside, asked.dry_run)
        }
    };
    let mut more = |line: String| {
        text.push('\n');
        text.push_str(&line);
    };
    if outcome.dead_lettered > 0 {
        let events = counted(outcome.dead_lettered, "accepted event");
        let are = match outcome.dead_lettered {
            1 => "was not handled and is a dead letter",
            _ => "were not handled and are dead letters",
        };
        more(format!("{events} {are}: see `dead-letters list`"));
    }
    if outcome.lost > 0 {
        let events = counted(outcome.lost, "accepted event");
        let are = if outcome.lost == 1 { "is" } else { "are" };
        more(format!("{events} {are} lost"));
    }
    text
}

impl InstanceChange {
    fn told(&self) -> report::PlannedChange<'_> {
        report::PlannedChange {
            instance: &self.plugin,
            action: &self.action,
            took: Duration::from_micros(self.took_us),
            keys: &self.keys,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::commands::answer;

    fn asked(dry_run: bool) -> OperationRequest<'static> {
        OperationRequest {
            cascade: true,
            dry_run,
            ..OperationRequest::of(Some("a"), "unload", "unloaded")
        }
    }

    #[test]
    fn what_a_stop_left_behind_is_told() {
        let outcome = json!({"plugins": ["b", "a"], "dead_lettered": 2, "lost": 0});
        assert_eq!(
            told(&asked(false), &answer::read(outcome).unwrap()),
            "unloaded: b, a\n2 accepted events were not handled and are dead letters: see \
             `dead-letters list`"
        );
        let stop = OperationRequest::of(Some("a"), "stop", "stopped");
        let nothing = told(&stop, &Outcome::default());
        assert_eq!(nothing, "nothing ran: a restart that was planned is off");
        let one = json!({"plugins": ["a"], "dead_lettered": 1, "lost": 1});
        assert_eq!(
            told(&stop, &answer::read(one).unwrap()),
            "stopped: a\n1 accepted event was not handled and is a dead letter: see \
             `dead-letters list`\n1 accepted event is lost"
        );
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
        let outcome: Outcome = answer::read(outcome).unwrap();
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
        let manager: Outcome =
            answer::read(json!({"manager": ["plugin_manager.max_cpu"]})).unwrap();
        let in_force = [false, true].map(|is_plan| told(&asked(is_plan), &manager));
        assert_eq!(
            in_force,
            [
                "changed, and in force: plugin_manager.max_cpu",
                "would be in force at once: plugin_manager.max_cpu"
            ]
        );
        let later: Outcome = answer::read(json!({"later": ["plugin_manager.audit"]})).unwrap();
        assert_eq!(
            told(&asked(false), &later),
            "changed, and taken over at the next start of the service: plugin_manager.audit"
        );
    }

    #[test]
    fn only_what_is_asked_for_is_named() {
        assert_eq!(asked(false).body(), json!({"cascade": true}));
        assert_eq!(
            OperationRequest::of(Some("a"), "start", "started").body(),
            json!({})
        );
    }
}
