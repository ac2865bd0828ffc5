//! Sets that do not fit together, and what they are told.

use plugin_core::prelude::*;
use plugin_core::{Composition, Descriptor, PlanIssue, Plugin, Requirement};

struct Any;

#[plugin(name = "defect-any")]
impl Any {
    #[init]
    fn init() -> Self {
        Self
    }
}

const fn needing(name: &'static str, requires: &'static [Requirement]) -> Descriptor {
    Descriptor::new(name, "1.0.0", Any::DESCRIPTOR.hooks).requires(requires)
}

const fn on(plugin: &'static str) -> Requirement {
    Requirement {
        plugin,
        version: "*",
    }
}

const A: Descriptor = needing("a", &[on("b")]);
const B: Descriptor = needing("b", &[on("c")]);
const C: Descriptor = needing("c", &[on("a")]);
const FREE: Descriptor = needing("free", &[]);

#[test]
fn b16_a_cycle_is_reported_with_its_path() {
    let issues = Composition::assemble(&[&A, &B, &C, &FREE])
        .unwrap_err()
        .into_issues();
    let [PlanIssue::Cycle { path }] = &issues[..] else {
        panic!("{issues:?}")
    };
    let steps: Vec<_> = path.iter().map(|edge| (edge.from, edge.to)).collect();
    assert_eq!(steps, [("a", "b"), ("b", "c"), ("c", "a")]);
    let text = issues[0].to_string();
    for name in ["`a`", "`b`", "`c`"] {
        assert!(text.contains(name), "{text}");
    }
}

const LEFT: Descriptor = needing("left", &[on("missing")]);
const RIGHT: Descriptor = needing("right", &[on("missing")]);

#[test]
fn b17_a_missing_plugin_that_two_need_is_no_cycle() {
    let issues = Composition::assemble(&[&LEFT, &RIGHT])
        .unwrap_err()
        .into_issues();
    let missing: Vec<_> = (issues.iter())
        .map(|issue| match issue {
            PlanIssue::MissingPlugin {
                plugin, required, ..
            } => (*plugin, *required),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(missing, [("left", "missing"), ("right", "missing")]);
}
