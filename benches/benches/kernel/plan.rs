//! The plan of N plugins with three requirements each, beside petgraph's order of the same graph.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::Criterion;
use kernel_benches::{Contest, Goal, timed};
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};
use plugin_core::{Composition, Descriptor, Requirement};

use crate::hold;
use crate::lifecycle::HOOKS;

const NEEDS: usize = 3;

pub(crate) fn bench(criterion: &mut Criterion) {
    for (count, bound) in [(100, None), (1_000, Some(150e3)), (10_000, Some(1.8e6))] {
        let plugins: &'static [_] = plugins(count).leak();
        let ready = graph(plugins);
        let mut contest = Contest::new(format!("collect and order of {count} plugins"))
            .add(
                "kernel",
                timed(|| Composition::assemble(black_box(plugins)).is_ok()),
            )
            .add(
                "toposort of a ready graph",
                timed(move || toposort(&ready, None).is_ok()),
            )
            .add(
                "graph and toposort",
                timed(|| toposort(&graph(black_box(plugins)), None).is_ok()),
            );
        if let Some(bound) = bound {
            contest = contest.goal(Goal::nanos("kernel", bound));
        }
        hold(criterion, contest);
    }
}

/// Each plugin needs some of those before it, spread over all of them; the names are in no order.
fn plugins(count: usize) -> Vec<&'static Descriptor> {
    let names: Vec<&'static str> = (0..count)
        .map(|at| &*format!("plugin-{:05}", at * 7_919 % count).leak())
        .collect();
    (0..count)
        .map(|at| {
            let requires: Vec<_> = (0..NEEDS.min(at))
                .map(|need| Requirement {
                    plugin: names[need * (at - NEEDS.min(at)) / NEEDS + need],
                    version: "^1",
                })
                .collect();
            let plugin = Descriptor::new(names[at], "1.0.0", HOOKS).requires(requires.leak());
            &*Box::leak(Box::new(plugin))
        })
        .collect()
}

/// The same as petgraph takes it, names looked up.
fn graph(plugins: &[&'static Descriptor]) -> DiGraph<&'static str, ()> {
    let mut graph = DiGraph::with_capacity(plugins.len(), plugins.len() * NEEDS);
    let nodes: HashMap<&str, NodeIndex> = plugins
        .iter()
        .map(|plugin| (plugin.name, graph.add_node(plugin.name)))
        .collect();
    for plugin in plugins {
        for need in plugin.requires {
            graph.add_edge(nodes[need.plugin], nodes[plugin.name], ());
        }
    }
    graph
}
