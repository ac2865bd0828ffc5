//! An explanation for people: a label on the left, what there is to say on the right.

use std::fmt::Display;

use plugin_core::permission::Permission;
use plugin_core::printable;
use plugin_graph::priority;

use super::events::IncomingEvent;
use super::{Explanation, Order, Permissions, PluginState};
use crate::table::Table;

pub(super) fn text(plugin: &Explanation) -> String {
    let mut sections = Sections(String::new());
    sections.0 = format!(
        "{} {}, {}\n{}\n\n",
        plugin.name, plugin.version, plugin.kind, plugin.description
    );
    sections.add("in the build", [feature(plugin)]);
    sections.add("state", [state(&plugin.state)]);
    if let Some(isolated) = &plugin.isolation {
        let line = format!("{}: {}", isolated.isolation, isolated.because);
        sections.add("isolation", [line]);
    }
    if !plugin.others.is_empty() {
        sections.add("others of it", [plugin.others.join(", ")]);
    }
    sections.add("place", [place(&plugin.order)]);
    sections.add(
        "needs",
        plugin
            .needs
            .iter()
            .map(|need| format!("{}, from {}", need.what, need.from)),
    );
    sections.add("starts after", &plugin.order.after);
    sections.add("needed by", &plugin.order.before);
    sections.add("provides", &plugin.provides);
    sections.add("conflicts", plugin.conflicts);
    if !plugin.notes.is_empty() {
        sections.add("note", &plugin.notes);
    }
    sections.add("events in", lines(&handled(plugin)));
    let configured = configured(plugin);
    if !configured.is_empty() {
        sections.add("set by config", lines(&configured));
    }
    sections.add("events out", lines(&published(plugin)));
    sections.add("schedules", lines(&scheduled(plugin)));
    if !plugin.answers.is_empty() {
        sections.add("answers", lines(&answered(plugin)));
    }
    if !plugin.asks.is_empty() {
        sections.add("asks", lines(&asked(plugin)));
    }
    if !plugin.interceptors.is_empty() {
        sections.add("interceptors", lines(&intercepted(plugin)));
    }
    sections.add("permissions", permissions(&plugin.permissions));
    if !plugin.limits.is_empty() {
        sections.add("limits", lines(&limits(plugin)));
    }
    sections.add("config", config(plugin));
    sections.0
}

/// Labelled paragraphs.
struct Sections(String);

impl Sections {
    fn add(&mut self, label: &str, lines: impl IntoIterator<Item = impl Display>) {
        let mut label = label;
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_none() {
            self.line(label, "-");
        }
        for line in lines {
            self.line(label, &line.to_string());
            label = "";
        }
    }

    fn line(&mut self, label: &str, text: &str) {
        let line = format!("{label:<14}{}", printable::line(text));
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }
}

fn feature(plugin: &Explanation) -> String {
    match plugin.feature {
        Some(feature) => format!("because feature `{feature}` is on"),
        None => "it is no feature's".to_owned(),
    }
}

fn state(state: &PluginState) -> String {
    let word = match state.on {
        Some(true) => "on",
        Some(false) => "off",
        None => "unknown",
    };
    let instances = match state.instances {
        Some(count) if count > 1 => format!("; {count} instances, each event to one of them"),
        _ => String::new(),
    };
    format!("{word}: {}{instances}", state.because)
}

fn place(order: &Order) -> String {
    let why = match &order.forced_by {
        Some(edge) => format!("{edge}; then kind and name decide"),
        None => "nothing forces it: kind and name decide".to_owned(),
    };
    format!("{} of {}; {why}", order.place, order.of)
}

fn handled(plugin: &Explanation) -> Table {
    let mut table = Table::new(&["topic", "handler", "mode", "options", "from"]);
    for event in &plugin.events_in {
        table.row([
            event.topic.to_owned(),
            event.handler.to_owned(),
            event.mode.to_owned(),
            dash(event.options.clone()),
            sources(event),
        ]);
    }
    table
}

/// The options of handlers that config sets, and where.
fn configured(plugin: &Explanation) -> Table {
    let mut table = Table::new(&["handler", "option", "origin"]);
    for event in &plugin.events_in {
        for set in &event.configured {
            let (handler, option) = (event.handler.to_owned(), set.option.to_owned());
            table.row([handler, option, set.origin.to_string()]);
        }
    }
    table
}

fn published(plugin: &Explanation) -> Table {
    let mut table = Table::new(&["topic", "to"]);
    for event in &plugin.events_out {
        table.row([event.topic.to_owned(), dash(event.to.join(", "))]);
    }
    table
}

fn scheduled(plugin: &Explanation) -> Table {
    let mut table = Table::new(&["schedule", "when", "next"]);
    for schedule in &plugin.schedules {
        table.row([
            schedule.schedule.to_owned(),
            schedule.timing.clone(),
            dash(schedule.next.clone().unwrap_or_default()),
        ]);
    }
    table
}

fn answered(plugin: &Explanation) -> Table {
    let mut table = Table::new(&["topic", "handler", "answer", "options", "from"]);
    for request in &plugin.answers {
        table.row([
            request.topic.to_owned(),
            request.handler.to_owned(),
            request.answer.to_owned(),
            dash(request.options.clone()),
            dash(request.from.join(", ")),
        ]);
    }
    table
}

fn asked(plugin: &Explanation) -> Table {
    let mut table = Table::new(&["topic", "of"]);
    for request in &plugin.asks {
        table.row([request.topic.to_owned(), dash(request.of.join(", "))]);
    }
    table
}

fn intercepted(plugin: &Explanation) -> Table {
    let mut table = Table::new(&["around", "stage", "priority", "interceptor"]);
    for one in &plugin.interceptors {
        table.row([
            one.topics.to_owned(),
            if one.changes {
                format!("{}, may change", one.stage)
            } else {
                one.stage.to_owned()
            },
            priority(one.priority),
            one.interceptor.to_owned(),
        ]);
    }
    table
}

fn limits(plugin: &Explanation) -> Table {
    let mut table = Table::new(&["key", "asked", "by", "probed", "how"]);
    for limit in &plugin.limits {
        let probed = (limit.probed).map_or("-", |probed| if probed { "yes" } else { "no" });
        table.row([
            limit.key.to_owned(),
            limit.asked.clone(),
            limit.means.to_string(),
            probed.to_owned(),
            limit.how.clone(),
        ]);
    }
    table
}

/// The lines of a table; none when it holds nothing but its heading.
fn lines(table: &Table) -> Vec<String> {
    if table.is_empty() {
        return Vec::new();
    }
    table.to_string().lines().map(str::to_owned).collect()
}

fn permissions(permissions: &Permissions) -> Vec<String> {
    let mut lines = vec![format!("asked: {}", grants(&permissions.asked))];
    lines.push(match &permissions.granted {
        Some(granted) => format!("granted: {}", grants(granted)),
        None if permissions.roles.is_empty() => "granted: all that is asked".to_owned(),
        None => "granted: by its roles alone".to_owned(),
    });
    if !permissions.roles.is_empty() {
        lines.push(format!("roles: {}", permissions.roles.join(", ")));
    }
    lines
}

fn grants(permissions: &[Permission]) -> String {
    let entry = |entry: &Permission| format!("{} {}", entry.resource, entry.actions.join("+"));
    let entries: Vec<String> = permissions.iter().map(entry).collect();
    dash(entries.join(", "))
}

/// The plugin's own keys; `config show` has those that the kernel reads too.
fn config(plugin: &Explanation) -> Vec<String> {
    let own = format!("{}.config.", plugin.name);
    let mut table = Table::new(&["key", "origin", "value"]);
    for value in plugin.config.iter().flatten() {
        if let Some(key) = value.key.strip_prefix(&own) {
            table.row([
                key.to_owned(),
                value.origin.to_string(),
                value.value.to_string(),
            ]);
        }
    }
    lines(&table)
}

/// Who publishes what a handler hears: by type, else whoever publishes any topic.
fn sources(event: &IncomingEvent) -> String {
    if event.from.is_empty() && !event.from_any.is_empty() {
        return format!("{}, which may publish any topic", event.from_any.join(", "));
    }
    dash(event.from.join(", "))
}

fn dash(text: String) -> String {
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}
