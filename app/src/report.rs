//! What people read of a start, a stop and the work between them.

use std::time::Duration;

use plugin_core::Composition;
use plugin_core::lifecycle::{PluginStop, StartReport, StopReport, SystemStatus};

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
        let descriptor = composition.find(plugin.name);
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
    let count = report
        .plugins
        .iter()
        .filter(|plugin| plugin.failure.is_none())
        .count();
    format!(
        "{table}{} started in {} ms\n",
        plugins(count),
        millis(report.took)
    )
}

/// What each plugin did with events.
pub(crate) fn handled(status: &SystemStatus) -> String {
    let mut table = Table::new(&[
        "plugin",
        ">received",
        ">published",
        ">errors",
        ">dropped",
        ">mean ms",
        ">max ms",
    ]);
    for plugin in &status.plugins {
        let events = plugin.events;
        table.row([
            plugin.name.to_owned(),
            events.received.to_string(),
            events.published.to_string(),
            events.errors.to_string(),
            events.dropped.to_string(),
            millis(Duration::from_nanos(events.mean_nanos)),
            millis(Duration::from_nanos(events.max_nanos)),
        ]);
    }
    table.to_string()
}

/// The plugins in stop order; a line alone when all went well.
pub(crate) fn stopped(report: &StopReport) -> String {
    let took = millis(report.took);
    if report.is_clean() {
        return format!("{} stopped in {took} ms\n", plugins(report.plugins.len()));
    }
    let mut table = Table::new(&["plugin", ">ms", "stop"]);
    for plugin in &report.plugins {
        table.row([
            plugin.name.to_owned(),
            millis(plugin.took),
            troubles(plugin),
        ]);
    }
    let why = report
        .escalated
        .as_ref()
        .map_or_else(String::new, |why| format!("stopped by {why}\n"));
    format!("{why}{table}stopped in {took} ms, not in good order\n")
}

/// What did not stop well after a start that failed.
pub(crate) fn rollback(report: &StopReport) -> String {
    let troubles = report.plugins.iter().filter(|plugin| !plugin.is_clean());
    troubles
        .map(|plugin| {
            format!(
                "\nplugin `{}` stopped badly: {}",
                plugin.name,
                troubles_of(plugin)
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
    let lost = (plugin.lost > 0).then(|| format!("{} events lost", plugin.lost));
    let troubles: Vec<String> = late
        .into_iter()
        .chain(lost)
        .chain(plugin.error.clone())
        .collect();
    troubles.join("; ")
}

/// Milliseconds with three digits behind the point: hooks often take less than one.
pub(crate) fn millis(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64() * 1_000.0)
}

fn plugins(count: usize) -> String {
    format!("{count} {}", if count == 1 { "plugin" } else { "plugins" })
}
