//! Properties of the plan, against its rules said plainly and against petgraph.

use std::collections::BTreeSet;

use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::DiGraph;
use plugin_core::{Composition, Descriptor, PlanError, PlanIssue};
use proptest::prelude::*;

use crate::model::{Rules, Spec, fitting, spec};

fn descriptors(specs: &[Spec]) -> Vec<&'static Descriptor> {
    specs
        .iter()
        .enumerate()
        .map(|(at, spec)| spec.descriptor(at))
        .collect()
}

/// A set, and the same in another order.
fn twice(
    specs: impl Strategy<Value = Vec<Spec>>,
) -> impl Strategy<Value = [Vec<&'static Descriptor>; 2]> {
    specs
        .prop_map(|specs| descriptors(&specs))
        .prop_flat_map(|set| (Just(set.clone()), Just(set).prop_shuffle()))
        .prop_map(|(set, shuffled)| [set, shuffled])
}

fn graph(rules: &Rules) -> DiGraph<usize, ()> {
    let mut graph = DiGraph::new();
    let nodes: Vec<_> = (0..rules.sorted.len())
        .map(|at| graph.add_node(at))
        .collect();
    for &from in &nodes {
        for to in rules.dependencies(graph[from]) {
            graph.add_edge(from, nodes[to], ());
        }
    }
    graph
}

fn order(set: &[&'static Descriptor]) -> Result<Vec<&'static str>, Vec<String>> {
    match Composition::assemble(set) {
        Ok(composition) => Ok(composition
            .plugins()
            .map(|plugin| plugin.type_name)
            .collect()),
        Err(error) => Err(error.issues().iter().map(ToString::to_string).collect()),
    }
}

fn issues(set: &[&'static Descriptor]) -> Vec<PlanIssue> {
    Composition::assemble(set).map_or_else(PlanError::into_issues, |_| Vec::new())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fitting_set_is_ordered_depth_first([set, shuffled] in twice(fitting())) {
        let rules = Rules::of(&set);
        let order = order(&set).unwrap();
        prop_assert_eq!(&order, &rules.order());
        prop_assert_eq!(&order, &self::order(&shuffled).unwrap());
    }

    #[test]
    fn each_dependency_starts_first(set in fitting().prop_map(|specs| descriptors(&specs))) {
        let composition = Composition::assemble(&set).unwrap();
        let names: Vec<_> = composition.plugins().map(|plugin| plugin.name).collect();
        prop_assert_eq!(names.len(), set.len());
        let place = |name| names.iter().position(|other| other == name);
        let rules = Rules::of(&set);
        let edges: BTreeSet<_> = composition.edges().iter().map(|edge| (edge.from, edge.to)).collect();
        for (from, to) in &edges {
            prop_assert!(place(from) > place(to), "{} before {} in {:?}", from, to, names);
        }
        let name = |at: usize| rules.sorted[at].name;
        let expected = (0..set.len()).flat_map(|from| {
            rules.dependencies(from).into_iter().map(move |to| (name(from), name(to)))
        });
        prop_assert_eq!(edges, expected.collect());
    }

    #[test]
    fn issues_are_those_of_the_rules([set, shuffled] in twice(prop::collection::vec(spec(), 0..9))) {
        let rules = Rules::of(&set);
        let issues = issues(&set);
        let is_cycle = |issue: &&PlanIssue| matches!(issue, PlanIssue::Cycle { .. });
        let found = issues.iter().filter(|issue| !is_cycle(issue)).map(ToString::to_string);
        prop_assert_eq!(found.collect::<BTreeSet<_>>(), rules.issues());

        let graph = graph(&rules);
        let knots = tarjan_scc(&graph).into_iter().filter(|knot| {
            knot.len() > 1 || graph.contains_edge(knot[0], knot[0])
        });
        let cycles = issues.iter().filter(is_cycle).count();
        prop_assert_eq!(cycles, knots.count());
        prop_assert_eq!(cycles == 0, toposort(&graph, None).is_ok());
        prop_assert_eq!(order(&set), order(&shuffled));
    }

    #[test]
    fn a_cycle_is_a_ring_of_edges(set in prop::collection::vec(spec(), 2..9).prop_map(|specs| descriptors(&specs))) {
        for issue in issues(&set) {
            let PlanIssue::Cycle { path } = issue else { continue };
            for (edge, next) in path.iter().zip(path.iter().cycle().skip(1)) {
                prop_assert_eq!(edge.to, next.from);
            }
            let starts: BTreeSet<_> = path.iter().map(|edge| edge.from).collect();
            let names: BTreeSet<_> = set.iter().map(|plugin| plugin.name).collect();
            prop_assert!(names.is_superset(&starts));
            if names.len() == set.len() {
                prop_assert_eq!(starts.len(), path.len());
            }
        }
    }
}
