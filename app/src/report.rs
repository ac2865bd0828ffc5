//! What people read of a start, a stop and the work between them.

use std::collections::BTreeSet;
use std::time::Duration;

#[cfg(feature = "admin")]
use plugin_core::config::Rollback;
use plugin_core::counted;
use plugin_core::lifecycle::{PluginStop, StartReport, StopReport, SystemStatus};
use plugin_core::{Composition, EventCounts, InstanceName, printable};

use crate::table::Table;

/// The plugins in start order, with their times.
pub(crate) fn started(report: &StartReport, composition: &Composition) -> String {
    let mut table = Table::new(&[
        ">place",
        "plugin",
        "version",
        "kind",
        ">init ms",
        ">start ms",
        "note",
    ]);
    for (place, plugin) in (1..).zip(&report.plugins) {
        let descriptor = composition.find(InstanceName::of(plugin.name).plugin);
        table.row([
            format!("{place}"),
            plugin.name.to_owned(),
            descriptor.map_or_else(String::new, |plugin| plugin.version.to_string()),
            descriptor.map_or_else(String::new, |plugin| plugin.kind.to_string()),
            millis(plugin.init),
            millis(plugin.start),
            plugin
                .failure
                .as_ref()
                .map_or_else(String::new, |why| format!("does not run: {why}")),
        ]);
    }
    let started = (report.plugins.iter()).filter(|plugin| plugin.failure.is_none());
    let started = plugins(started.map(|plugin| plugin.name));
    format!("{table}{started} started in {} ms\n", millis(report.took))
}

/// How many plugins these instances are of, and how many they are if that is another number.
pub(crate) fn plugins<'a>(instances: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = instances
        .map(|name| InstanceName::of(name).plugin)
        .collect();
    let plugins = names.iter().collect::<BTreeSet<_>>().len();
    let instances = match names.len() {
        same if same == plugins => String::new(),
        more => format!(" as {}", counted(more, "instance")),
    };
    format!("{}{instances}", counted(plugins, "plugin"))
}

/// What an operation did to one instance, or would do.
#[cfg(feature = "admin")]
pub(crate) struct PlannedChange<'a> {
    pub(crate) instance: &'a str,
    pub(crate) action: &'a str,
    pub(crate) took: Duration,
    /// The keys that it is because of.
    pub(crate) keys: &'a [String],
}

/// What a reload comes to beside what it does to instances.
#[cfg(feature = "admin")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside<'a> {
    /// Keys of the manager that are in force at once.
    pub(crate) manager: &'a [String],
    /// Keys of the manager that the next start takes over.
    pub(crate) later: &'a [String],
    /// Plugins that are on or off whatever the files say.
    pub(crate) overridden: &'a [String],
    /// Why the config is not in the history.
    pub(crate) not_kept: Option<&'a str>,
    /// What holds in the place of the files.
    pub(crate) rollback: Option<&'a Rollback>,
}

/// What was done to each instance, or would be, and what else a reload comes to.
#[cfg(feature = "admin")]
pub(crate) fn changed<'a>(
    changes: impl Iterator<Item = PlannedChange<'a>>,
    beside: Beside<'_>,
    is_plan: bool,
) -> String {
    let did = if is_plan { "would" } else { "did" };
    let mut table = Table::new(&["instance", did, ">ms", "because of"]);
    for change in changes {
        table.row([
            change.instance.to_owned(),
            change.action.to_owned(),
            if is_plan {
                String::new()
            } else {
                millis(change.took)
            },
            change.keys.join(", "),
        ]);
    }
    let manager = (!beside.manager.is_empty()).then(|| {
        let keys = beside.manager.join(", ");
        match is_plan {
            true => format!("would be in force at once: {keys}"),
            false => format!("changed, and in force: {keys}"),
        }
    });
    let later = (!beside.later.is_empty()).then(|| {
        let keys = beside.later.join(", ");
        format!("changed, and taken over at the next start of the service: {keys}")
    });
    let overridden = (!beside.overridden.is_empty()).then(|| {
        let plugins = beside.overridden.join(", ");
        format!(
            "on or off by `enable` or `disable`, whatever the files say: {plugins}; `config reset` has the files decide"
        )
    });
    let not_kept = (beside.not_kept)
        .map(|why| format!("in force, but not kept for `config history` and a rollback: {why}"));
    let keys: Vec<_> = manager.into_iter().chain(later).collect();
    let done = match (table.is_empty(), keys.is_empty()) {
        (false, _) => Some(table.to_string().trim_end().to_owned()),
        (true, false) => None,
        (true, true) if is_plan => Some("nothing would change".to_owned()),
        (true, true) => Some("nothing has changed".to_owned()),
    };
    let rollback = beside.rollback.map(ToString::to_string);
    let beside = keys
        .into_iter()
        .chain(overridden)
        .chain(rollback)
        .chain(not_kept);
    let lines: Vec<_> = done.into_iter().chain(beside).collect();
    lines.join("\n")
}

/// What each plugin did with events.
pub(crate) fn handled(status: &SystemStatus) -> String {
    let retried = status
        .plugins
        .iter()
        .any(|plugin| plugin.events.retries > 0);
    let buried = (status.plugins.iter()).any(|plugin| plugin.events.dead_lettered > 0);
    let columns: Vec<Column> = (COLUMNS.into_iter())
        .filter(|(heading, _)| retried || *heading != RETRIES)
        .filter(|(heading, _)| buried || *heading != DEAD)
        .collect();
    let headings = columns.iter().map(|(heading, _)| *heading);
    let headings: Vec<_> = std::iter::once("plugin").chain(headings).collect();
    let mut table = Table::new(&headings);
    for plugin in &status.plugins {
        let cells = columns.iter().map(|(_, cell)| cell(&plugin.events));
        let name = std::iter::once(plugin.name.to_owned());
        table.row(name.chain(cells).collect::<Vec<_>>());
    }
    table.to_string()
}

type Column = (&'static str, fn(&EventCounts) -> String);

/// Only shown when there is something to show.
const RETRIES: &str = ">retries";
/// As [`RETRIES`].
const DEAD: &str = ">dead letters";

const COLUMNS: [Column; 8] = [
    (">received", |events| events.received.to_string()),
    (">published", |events| events.published.to_string()),
    (">errors", |events| events.errors.to_string()),
    (RETRIES, |events| events.retries.to_string()),
    (DEAD, |events| events.dead_lettered.to_string()),
    (">dropped", |events| events.dropped.overflow.to_string()),
    (">mean ms", |events| nanos(events.mean_nanos)),
    (">max ms", |events| nanos(events.max_nanos)),
];

fn nanos(nanos: u64) -> String {
    millis(Duration::from_nanos(nanos))
}

/// What the stop was caused by, if not by a person, and how it went: in one line when all went well,
/// else with the plugins in stop order.
pub(crate) fn stopped(report: &StopReport) -> String {
    let took = millis(report.took);
    let why = report.escalated.as_ref().map_or_else(String::new, |why| {
        format!("stopped because {}\n", printable::line(why))
    });
    let kept = dead_letters(report.dead_letters);
    if report.unstored == 0 && report.plugins.iter().all(PluginStop::is_clean) {
        let stopped = plugins(report.plugins.iter().map(|plugin| plugin.name));
        return format!("{why}{kept}{stopped} stopped in {took} ms\n");
    }
    let mut table = Table::new(&["plugin", ">ms", "stop"]);
    for plugin in &report.plugins {
        table.row([
            plugin.name.to_owned(),
            millis(plugin.took),
            troubles(plugin),
        ]);
    }
    let unstored = match report.unstored {
        0 => String::new(),
        1 => "1 event could not be stored and is lost\n".to_owned(),
        count => format!("{count} events could not be stored and are lost\n"),
    };
    format!("{why}{table}{kept}{unstored}stopped in {took} ms, not in good order\n")
}

/// A line for events that handlers failed with, if nobody keeps them.
fn dead_letters(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "1 dead letter was in memory only and is gone\n".to_owned(),
        _ => format!("{count} dead letters were in memory only and are gone\n"),
    }
}

/// What did not stop well after a start that failed.
pub(crate) fn rollback(report: &StopReport) -> String {
    let troubles = report.plugins.iter().filter(|plugin| !plugin.is_clean());
    troubles
        .map(|plugin| {
            format!(
                "\nplugin `{}` stopped badly: {}",
                plugin.name,
                printable::line(&troubles_of(plugin))
            )
        })
        .collect()
}

fn troubles(plugin: &PluginStop) -> String {
    if plugin.is_clean() {
        "in good order".to_owned()
    } else {
        troubles_of(plugin)
    }
}

fn troubles_of(plugin: &PluginStop) -> String {
    let late = (!plugin.late.is_empty()).then(|| format!("late: {}", plugin.late.join(", ")));
    let left = (plugin.dead_lettered > 0).then(|| {
        let events = counted(plugin.dead_lettered, "event");
        match plugin.dead_lettered {
            1 => format!("{events} not handled, now a dead letter"),
            _ => format!("{events} not handled, now dead letters"),
        }
    });
    let lost = (plugin.lost > 0).then(|| format!("{} lost", counted(plugin.lost, "event")));
    let troubles: Vec<String> = late
        .into_iter()
        .chain(left)
        .chain(lost)
        .chain(plugin.error.clone())
        .collect();
    troubles.join("; ")
}

/// Milliseconds with three digits behind the point: hooks often take less than one.
pub(crate) fn millis(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64() * 1_000.0)
}
