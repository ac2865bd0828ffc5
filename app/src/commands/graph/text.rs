//! The graph as aligned text.

use plugin_core::InstanceName;
use plugin_graph::{EventNode, Graph, priority};

use crate::table::Table;

/// A table each: plugins, services, events, and requests and interceptors if there are any.
pub(super) fn text(graph: &Graph) -> String {
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
    let (mut place, mut last) = (0, "");
    for plugin in &graph.plugins {
        // The instances of a plugin share its place.
        let name = InstanceName::of(plugin.name).plugin;
        place += usize::from(name != last);
        last = name;
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

#[cfg(test)]
mod tests {
    use plugin_core::Kind;
    use plugin_graph::{GroupNode, InterceptorNode, PluginNode, RequestNode, ServiceNode};

    use super::*;

    fn plugin(name: &'static str, on: Option<bool>, starts_after: &[&'static str]) -> PluginNode {
        PluginNode {
            name,
            version: "1.2.0".to_owned(),
            kind: Kind::Business,
            on,
            requires: Vec::new(),
            after: Vec::new(),
            starts_after: starts_after.to_vec(),
            publishes_any: false,
            subscribes_any: false,
            schedules: Vec::new(),
        }
    }

    fn shop() -> Graph {
        Graph {
            plugins: vec![
                plugin("log", Some(true), &[]),
                plugin("store", Some(false), &["log"]),
                plugin("desk", None, &["log", "store"]),
            ],
            services: vec![ServiceNode {
                name: "Stock".to_owned(),
                providers: vec!["store"],
                users: vec!["desk"],
            }],
            events: vec![EventNode {
                topic: "shop.ordered",
                publishers: vec!["desk"],
                subscribers: vec!["store", "log"],
                may_publish: vec!["door"],
                may_subscribe: vec!["ear"],
                groups: vec![GroupNode {
                    name: "stock",
                    members: vec!["store"],
                }],
            }],
            requests: Vec::new(),
            interceptors: Vec::new(),
        }
    }

    #[test]
    fn report_d_plugins_services_and_events_have_a_table_each() {
        let expected = "\
place  plugin  version  kind      state    starts after
    1  log     1.2.0    business  on       -
    2  store   1.2.0    business  off      log
    3  desk    1.2.0    business  unknown  log, store

service  provided by  used by
Stock    store        desk

event         published by               handled by
shop.ordered  desk, door (at run time)  store (group stock), log, ear (at run time)
";
        let squeezed = |text: &str| {
            let lines = text.lines();
            let lines = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
            lines.collect::<Vec<_>>()
        };
        assert_eq!(squeezed(&text(&shop())), squeezed(expected));
    }

    #[test]
    fn requests_and_interceptors_are_told_where_there_are_any() {
        let mut graph = shop();
        graph.requests.push(RequestNode {
            topic: "shop.price".to_owned(),
            responders: vec!["prices"],
            requesters: vec!["till"],
        });
        let interceptors = |interceptor, stage, topics, priority| InterceptorNode {
            plugin: "guard",
            interceptor,
            stage,
            topics,
            priority,
        };
        graph.interceptors = vec![
            interceptors("check", "publish", "shop.*", 10),
            interceptors("after", "delivered", "**", i32::MIN),
        ];
        let text = text(&graph);
        let tables = "\nrequest     answered by  asked by\nshop.price  prices       till\n\n\
                      around  stage      priority  plugin  interceptor\n\
                      shop.*  publish    10        guard   check\n\
                      **      delivered  lowest    guard   after\n";
        assert!(text.ends_with(tables), "{text}");
    }
}
