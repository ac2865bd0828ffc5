//! Q1, a plugin that can't be loaded: `validateDependencies` and `checkCompatibility` have nothing
//! left to find when a system starts. Here they look at sets that `compose!` would not build.

use plugin_contracts::Database;
use plugin_core::config::Sources;
use plugin_core::lifecycle::ConfigureError;
use plugin_core::prelude::*;
use plugin_core::{Composition, Descriptor, PlanIssue, Plugin};
use plugin_hello::Hello;
use plugin_logger::Logger;
use plugin_user_service::Users;
use serde_json::json;

use super::examples;
use crate::rig::Rig;

/// Wants a logger that is not made yet.
struct Modern;

#[plugin(name = "design-modern", version = "1.0.0", conflicts("hello-plugin"))]
impl Modern {
    #[init]
    fn init() -> Self {
        Self
    }
}

/// The same, with a requirement that the macro would refuse to compile.
const DEMANDING: Descriptor =
    Descriptor::new("design-demanding", "1.0.0", Modern::DESCRIPTOR.hooks).requires(&[
        plugin_core::Requirement {
            plugin: "logger-plugin",
            version: "^2",
        },
    ]);

fn issues(plugins: &[&'static Descriptor]) -> Vec<PlanIssue> {
    Composition::assemble(plugins).unwrap_err().into_issues()
}

/// `dependency %s not loaded`.
#[test]
fn a_dependency_that_is_not_there_is_named() {
    let missing = issues(&[Hello::DESCRIPTOR, Users::DESCRIPTOR]);
    let text: Vec<_> = missing.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "plugin `hello-plugin` requires plugin `logger-plugin`, which is not in this build: add it to the set, or take it out of `requires`",
            "plugin `user-service` requires service `Database`, which no plugin of this build provides: add a plugin with `provides(Database)`",
        ]
    );
    assert_eq!(
        <dyn Database as plugin_core::service::ServiceTrait>::DESCRIPTOR.name,
        "Database"
    );
}

/// `incompatible version: %s`.
#[test]
fn a_version_that_does_not_fit_is_named() {
    let found = issues(&[&DEMANDING, Logger::DESCRIPTOR]);
    assert!(
        matches!(
            &found[..],
            [PlanIssue::VersionMismatch {
                required: "logger-plugin",
                requirement: "^2",
                ..
            }]
        ),
        "{found:?}"
    );
}

#[test]
fn conflicts_are_named() {
    let found = issues(&[Modern::DESCRIPTOR, Hello::DESCRIPTOR, Logger::DESCRIPTOR]);
    assert!(
        matches!(
            &found[..],
            [PlanIssue::Conflict {
                plugin: "design-modern",
                other: "hello-plugin"
            }]
        ),
        "{found:?}"
    );
}

/// The same questions, asked of the files.
#[test]
fn files_that_do_not_fit_the_build_are_refused() {
    let plugins = [Hello::DESCRIPTOR, Logger::DESCRIPTOR];
    let refused = |sources: Sources| {
        let refused = Rig::from_sources(&plugins, sources).configure();
        let Err(ConfigureError::Config(error)) = refused else {
            panic!("{refused:?}")
        };
        error.issues()[0].to_string()
    };
    let text = refused(examples().set(["hello-plugin", "version"], "2.0.0"));
    assert!(
        text.contains("holds version 1.0.0 of `hello-plugin`"),
        "{text}"
    );
    let absent = json!(["logger-plugin", "metrics-plugin"]);
    let text = refused(examples().set(["hello-plugin", "dependencies"], absent));
    assert!(text.contains("`metrics-plugin`"), "{text}");
    let text = refused(examples().set(["logger-plugin", "enabled"], false));
    assert!(text.contains("`hello-plugin`"), "{text}");
}
