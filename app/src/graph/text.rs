//! The graph as aligned text.

use super::{EventNode, Graph, priority};
use crate::table::Table;

/// A table each: plugins, services, events, and requests and interceptors if there are any.
pub(crate) fn text(graph: &Graph) -> String {
    let mut tables = vec![plugins(graph), services(graph), events(graph)];
    if !graph.requests.is_empty() {
        tables.push(requests(graph));
    }
    if !graph.interceptors.is_empty() {
        tables.push(interceptors(graph));
    }
    let tables: Vec<_> = tables.iter().map(Table::to_string).collect();
    tables.join("\n")
}

fn plugins(graph: &Graph) -> Table {
    let mut table = Table::new(&[
        ">place",
        "plugin",
        "version",
        "kind",
        "state",
        "starts after",
    ]);
    for (place, plugin) in (1..).zip(&graph.plugins) {
        table.row([
            format!("{place}"),
            plugin.name.to_owned(),
            plugin.version.clone(),
            plugin.kind.to_string(),
            match plugin.on {
                Some(true) => "on",
                Some(false) => "off",
                None => "unknown",
            }
            .to_owned(),
            list(&plugin.starts_after),
        ]);
    }
    table
}

fn services(graph: &Graph) -> Table {
    let mut table = Table::new(&["service", "provided by", "used by"]);
    for service in &graph.services {
        table.row([
            service.name.to_owned(),
            list(&service.providers),
            list(&service.users),
        ]);
    }
    table
}

fn events(graph: &Graph) -> Table {
    let mut table = Table::new(&["event", "published by", "handled by"]);
    for event in &graph.events {
        table.row([
            event.topic.to_owned(),
            publishers(event),
            subscribers(event),
        ]);
    }
    table
}

/// Those who declare that they publish an event, and those who may choose to.
fn publishers(event: &EventNode) -> String {
    let declared = event.publishers.iter().map(|name| (*name).to_owned());
    let chosen = event.may_publish.iter().map(at_run_time);
    let names: Vec<String> = declared.chain(chosen).collect();
    list(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn at_run_time(name: &&str) -> String {
    format!("{name} (at run time)")
}

/// Those who handle an event, each with its group.
fn subscribers(event: &EventNode) -> String {
    let shown = |name: &&str| match event.group(name) {
        Some(group) => format!("{name} (group {group})"),
        None => (*name).to_owned(),
    };
    let declared = event.subscribers.iter().map(shown);
    let chosen = event.may_subscribe.iter().map(at_run_time);
    let names: Vec<String> = declared.chain(chosen).collect();
    list(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn requests(graph: &Graph) -> Table {
    let mut table = Table::new(&["request", "answered by", "asked by"]);
    for request in &graph.requests {
        table.row([
            request.topic.to_owned(),
            list(&request.responders),
            list(&request.requesters),
        ]);
    }
    table
}

fn interceptors(graph: &Graph) -> Table {
    let mut table = Table::new(&["around", "stage", "priority", "plugin", "interceptor"]);
    for one in &graph.interceptors {
        table.row([
            one.topics.to_owned(),
            one.stage.to_owned(),
            priority(one.priority),
            one.plugin.to_owned(),
            one.interceptor.to_owned(),
        ]);
    }
    table
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "-".to_owned()
    } else {
        names.join(", ")
    }
}
