//! The plan of N plugins with three requirements each, beside petgraph's order of the same graph.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};
use plugin_core::{Composition, Descriptor, Requirement};

use crate::lifecycle::HOOKS;

const NEEDS: usize = 3;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan of N plugins");
    for count in [100, 1_000] {
        let plugins = plugins(count);
        group.bench_function(BenchmarkId::new("kernel", count), |bencher| {
            bencher.iter(|| Composition::assemble(black_box(&plugins)).is_ok());
        });
        let graph = graph(&plugins);
        group.bench_function(BenchmarkId::new("toposort", count), |bencher| {
            bencher.iter(|| toposort(black_box(&graph), None).is_ok());
        });
        group.bench_function(BenchmarkId::new("graph and toposort", count), |bencher| {
            bencher.iter(|| toposort(&self::graph(black_box(&plugins)), None).is_ok());
        });
    }
    group.finish();
}

/// Each plugin needs some of those before it, spread over all of them; the names are in no order.
fn plugins(count: usize) -> Vec<&'static Descriptor> {
    let names: Vec<&'static str> = (0..count)
        .map(|at| &*format!("plugin-{:04}", at * 7_919 % count).leak())
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
