//! The check in const evaluation.

use plugin_core::__private::{assert_met, prove, scratch_len};
use plugin_core::event::Event;
use plugin_core::{Arity, CatalogueEntry, Composition, Descriptor, Kind, Need, Requirement};

use crate::support::{CHECKS, Ping, USERS, needs, plugin, provides, requests};

static LOGGER: Descriptor = plugin("logger").kind(Kind::System);
static USER: Descriptor = plugin("user")
    .provides(&[provides(&USERS)])
    .needs(&[needs(&CHECKS, Arity::Many)]);
static HELLO: Descriptor = plugin("hello")
    .needs(&[needs(&USERS, Arity::One), Need::Clock])
    .requires(&[Requirement {
        plugin: "logger",
        version: "^1",
    }]);

const SET: &[&Descriptor] = &[&HELLO, &USER, &LOGGER];
const ORDER: [u16; 3] = prove::<3, { scratch_len(SET) }>(SET, &[]);
const NOTHING: [u16; 0] = prove::<0, { scratch_len(&[]) }>(&[], &[]);
const _: () = assert_met("hello", "logger", "1.4.0", "^1");

static COMPOSED: Composition = Composition::proven(SET, &ORDER, &[]);

#[test]
fn a_constant_order_is_that_of_run_time() {
    assert_eq!(ORDER, [2, 1, 0]);
    assert!(NOTHING.is_empty());
    let assembled = Composition::assemble(SET).unwrap();
    assert!(
        COMPOSED
            .plugins()
            .map(|p| p.name)
            .eq(assembled.plugins().map(|p| p.name))
    );
    assert_eq!(COMPOSED.edges(), assembled.edges());
    assert_eq!(COMPOSED.find("user").unwrap().name, "user");
}

#[test]
fn a_composed_set_must_be_what_is_linked() {
    for set in [&COMPOSED, &COMPOSED.clone().strict()] {
        let error = set.link_check().unwrap_err();
        assert_eq!(error.missing, ["hello", "logger", "user"]);
    }
    assert_eq!(Composition::assemble(SET).unwrap().link_check(), Ok(()));
}

/// What the compiler would say.
fn compile_error(plugins: &[&'static Descriptor], catalogue: &'static [CatalogueEntry]) -> String {
    const ROOM: usize = 4096;
    assert!(
        scratch_len(plugins) <= ROOM,
        "the scratch of the test is too small"
    );
    let payload = match plugins.len() {
        1 => std::panic::catch_unwind(|| prove::<1, ROOM>(plugins, catalogue).len()),
        2 => std::panic::catch_unwind(|| prove::<2, ROOM>(plugins, catalogue).len()),
        3 => std::panic::catch_unwind(|| prove::<3, ROOM>(plugins, catalogue).len()),
        _ => std::panic::catch_unwind(|| prove::<30, ROOM>(plugins, catalogue).len()),
    };
    *payload.unwrap_err().downcast().unwrap()
}

const CATALOGUE: &[CatalogueEntry] = &[
    CatalogueEntry {
        feature: "fake-users",
        plugin: "fake-users",
        provides: &["UserService"],
        answers: &[],
        enabled: true,
    },
    CatalogueEntry {
        feature: "user-service",
        plugin: "user-service",
        provides: &["Audit", "UserService"],
        answers: &[],
        enabled: false,
    },
    CatalogueEntry {
        feature: "log",
        plugin: "logger",
        provides: &[],
        answers: &[],
        enabled: false,
    },
];

#[test]
fn the_features_that_would_help_are_named() {
    assert_eq!(
        compile_error(&[&HELLO], CATALOGUE),
        "\n- plugin `hello` requires service `UserService`, which no plugin of this build \
         provides; `user-service` provides it: build with `--features user-service`\
         \n- plugin `hello` requires plugin `logger`, which is not in this build: build with \
         `--features log`"
    );
}

#[test]
fn so_is_the_feature_that_would_answer() {
    static ASKER: Descriptor = plugin("asker").needs(&[requests(Ping::DESCRIPTOR, Arity::One)]);
    const CATALOGUE: &[CatalogueEntry] = &[CatalogueEntry {
        feature: "pong",
        plugin: "pong-plugin",
        provides: &[],
        answers: &["ping"],
        enabled: false,
    }];
    assert_eq!(
        compile_error(&[&ASKER], CATALOGUE),
        "plugin `asker` requests `ping`, which no plugin of this build answers; `pong-plugin` \
         answers it: build with `--features pong`"
    );
}

#[test]
fn one_issue_stands_alone() {
    assert_eq!(
        compile_error(&[&HELLO, &LOGGER], &[]),
        "plugin `hello` requires service `UserService`, which no plugin of this build provides: \
         add a plugin with `provides(UserService)`"
    );
}

#[test]
fn a_cycle_shows_its_path() {
    static A: Descriptor = plugin("a").needs(&[needs(&USERS, Arity::One)]);
    static B: Descriptor = plugin("b").provides(&[provides(&USERS)]).after(&["a"]);
    assert_eq!(
        compile_error(&[&B, &A], &[]),
        "plugins need each other in a cycle: `a` needs service `UserService` of `b`, which starts \
         after `a`: take one of these edges out, or publish an event in its place"
    );
}

#[test]
fn too_many_issues_are_counted() {
    let alike: &[&Descriptor] = Box::leak(Box::new([&LOGGER; 30]));
    let text = compile_error(alike, &[]);
    assert_eq!(text.matches("two plugins are named `logger`").count(), 20);
    assert!(text.ends_with("\n- and 9 more"), "{text}");
}

#[test]
fn a_requirement_that_is_not_met_names_both_plugins() {
    let assert = || assert_met("a", "b", "1.4.0", "^2");
    let text = *std::panic::catch_unwind(assert)
        .unwrap_err()
        .downcast::<String>()
        .unwrap();
    assert_eq!(
        text,
        "plugin `a` requires `b` ^2, but `b` is 1.4.0: change the requirement, or use a version \
         of `b` that meets it"
    );
}
