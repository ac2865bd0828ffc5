//! One sentence for each kind of issue, with the remedy at its end.

use plugin_core::event::{Event, EventDescriptor};
use plugin_core::{
    Absent, Arity, CatalogueEntry, Composition, Descriptor, Kind, Mode, Need, PlanIssue, Reason,
    Requirement, Source, SubscribeOptions, Subscription,
};

use crate::support::{
    CHECKS, OTHER_PING, Ping, USERS, messages, needs, order, plugin, provides, requests, responds,
};

#[test]
fn missing_provider() {
    static HELLO: Descriptor = plugin("hello").needs(&[
        needs(&USERS, Arity::One),
        needs(&CHECKS, Arity::Many),
        needs(&CHECKS, Arity::Optional),
    ]);
    assert_eq!(
        messages(&[&HELLO]),
        [
            "plugin `hello` requires service `UserService`, which no plugin of this build provides: \
          add a plugin with `provides(UserService)`"
        ]
    );
}

#[test]
fn two_providers() {
    static ONE: Descriptor = plugin("one").provides(&[provides(&USERS), provides(&CHECKS)]);
    static TWO: Descriptor = plugin("two").provides(&[provides(&CHECKS), provides(&USERS)]);
    assert_eq!(
        messages(&[&TWO, &ONE]),
        [
            "service `UserService` is provided by both `one` and `two`: leave one of them out, or \
          declare the trait with `#[service(many)]`"
        ]
    );
}

static ASKS: [Need; 1] = [requests(Ping::DESCRIPTOR, Arity::One)];

#[test]
fn missing_responder() {
    static ASKER: Descriptor = plugin("asker").needs(&ASKS);
    static CURIOUS: Descriptor =
        plugin("curious").needs(&[requests(Ping::DESCRIPTOR, Arity::Optional)]);
    assert_eq!(
        messages(&[&ASKER, &CURIOUS]),
        [
            "plugin `asker` requests `ping`, which no plugin of this build answers: add a plugin \
             with a `#[respond]` method that takes it"
        ]
    );
}

#[test]
fn two_responders() {
    static ONE: Descriptor = plugin("one").responds(&[responds(Ping::DESCRIPTOR)]);
    static TWO: Descriptor = plugin("two").responds(&[responds(Ping::DESCRIPTOR)]);
    assert_eq!(
        messages(&[&TWO, &ONE]),
        ["request `ping` is answered by both `one` and `two`: leave one of them out"]
    );
}

#[test]
fn who_asks_starts_after_who_answers() {
    static A: Descriptor = plugin("a").needs(&ASKS);
    static B: Descriptor = plugin("b").responds(&[responds(Ping::DESCRIPTOR)]);
    static C: Descriptor = plugin("c").needs(&[requests(Ping::DESCRIPTOR, Arity::Optional)]);
    assert_eq!(order(&[&A, &C, &B]).unwrap(), ["b", "a", "c"]);
    let edges = Composition::assemble(&[&A, &B]).unwrap().edges();
    assert_eq!(edges[0].reason, Reason::Request("ping"));
    assert_eq!(edges[0].to_string(), "`a` requests `ping` of `b`");
}

#[test]
fn requests_form_no_cycle() {
    static A: Descriptor = plugin("a").needs(&ASKS).provides(&[provides(&USERS)]);
    static B: Descriptor = plugin("b")
        .needs(&[needs(&USERS, Arity::One)])
        .responds(&[responds(Ping::DESCRIPTOR)]);
    static SELF: Descriptor = plugin("self")
        .needs(&ASKS)
        .responds(&[responds(Ping::DESCRIPTOR)]);
    assert_eq!(
        messages(&[&A, &B]),
        [
            "plugins need each other in a cycle: `a` requests `ping` of `b`, which needs service \
             `UserService` of `a`: take one of these edges out, or publish an event in its place"
        ]
    );
    let message = messages(&[&SELF]).remove(0);
    assert!(
        message.contains("`self` requests `ping` of `self`"),
        "{message}"
    );
}

#[test]
fn a_request_of_another_type_with_the_topic_is_reported() {
    static ONE: Descriptor = plugin("one").needs(&[Need::Publish(&OTHER_PING)]);
    static TWO: Descriptor = plugin("two").responds(&[responds(Ping::DESCRIPTOR)]);
    assert_eq!(
        messages(&[&ONE, &TWO]),
        [
            "two types of event have the topic `ping`, `two::Ping` and `one::Ping`: give one of \
             them another topic"
        ]
    );
}

#[test]
fn duplicate_name() {
    static ONE: Descriptor = plugin("same").type_name("one::Same");
    static TWO: Descriptor = plugin("same").type_name("two::Same");
    assert_eq!(
        messages(&[&TWO, &ONE]),
        [
            "two plugins are named `same`, `one::Same` and `two::Same`: give one of them another \
          `name`, or leave it out"
        ]
    );
}

const fn requires(version: &'static str) -> Requirement {
    Requirement {
        plugin: "logger",
        version,
    }
}

#[test]
fn missing_plugin() {
    static HELLO: Descriptor = plugin("hello").requires(&[requires("^1")]);
    assert_eq!(
        messages(&[&HELLO]),
        [
            "plugin `hello` requires plugin `logger`, which is not in this build: add it to the \
          set, or take it out of `requires`"
        ]
    );
}

#[test]
fn version_mismatch() {
    static HELLO: Descriptor = plugin("hello").requires(&[requires("^2"), requires("two")]);
    static LOGGER: Descriptor = plugin("logger");
    assert_eq!(
        messages(&[&HELLO, &LOGGER]),
        [
            "plugin `hello` requires `logger` ^2, but `logger` is 1.4.0: change the requirement, \
             or use a version of `logger` that meets it",
            "plugin `hello` requires `logger` two, which is no version requirement: write one as \
             Cargo reads it, such as `^1.2`",
        ]
    );
}

#[test]
fn conflict() {
    static RED: Descriptor = plugin("red").conflicts(&["blue", "green"]);
    static BLUE: Descriptor = plugin("blue").conflicts(&["red"]);
    assert_eq!(
        messages(&[&RED, &BLUE]),
        [
            "plugin `blue` conflicts with plugin `red`, and this build holds both: leave one of \
          them out"
        ]
    );
}

#[test]
fn duplicate_topic() {
    const fn on(event: &'static EventDescriptor) -> Subscription {
        Subscription {
            handler: "on",
            source: Source::Event(event),
            mode: Mode::Inline,
            options: SubscribeOptions::DEFAULT,
            bind: |_, _| {},
        }
    }
    static ONE: Descriptor = plugin("one").needs(&[Need::Publish(Ping::DESCRIPTOR)]);
    static TWO: Descriptor =
        plugin("two").subscriptions(&[on(Ping::DESCRIPTOR), on(&OTHER_PING), on(&OTHER_PING)]);
    assert_eq!(
        messages(&[&TWO, &ONE]),
        [
            "two types of event have the topic `ping`, `one::Ping` and `two::Ping`: give one of \
          them another topic"
        ]
    );
}

#[test]
fn cycle() {
    static A: Descriptor = plugin("a").needs(&[needs(&USERS, Arity::Optional)]);
    static B: Descriptor = plugin("b")
        .provides(&[provides(&USERS)])
        .requires(&[Requirement {
            plugin: "c",
            version: "*",
        }]);
    static C: Descriptor = plugin("c").after(&["a"]).kind(Kind::System);
    let issues = order(&[&A, &B, &C]).unwrap_err();
    assert_eq!(
        issues[0].to_string(),
        "plugins need each other in a cycle: `c` starts after `a`, which needs service \
         `UserService` of `b`, which requires `c`: take one of these edges out, or publish an \
         event in its place"
    );
    let [PlanIssue::Cycle { path }] = &issues[..] else {
        panic!("one cycle, not {issues:?}");
    };
    assert_eq!(path[1].reason, Reason::Service("UserService"));
    assert_eq!(
        path[1].to_string(),
        "`a` needs service `UserService` of `b`"
    );
}

#[test]
fn more_plugins_than_an_order_can_number() {
    static ONE: Descriptor = plugin("one");
    assert_eq!(
        messages(&vec![&ONE; 65_536]),
        ["65536 plugins are more than a set can hold: leave some out, at most 65535 may stay"]
    );
}

static HELLO: Descriptor = plugin("hello-plugin");
static CATALOGUE: [CatalogueEntry; 2] = [
    CatalogueEntry {
        feature: "hello",
        plugin: "hello-plugin",
        provides: &[],
        answers: &[],
        enabled: true,
    },
    CatalogueEntry {
        feature: "cache",
        plugin: "cache-plugin",
        provides: &[],
        answers: &[],
        enabled: false,
    },
];
static COMPOSED: Composition = Composition::proven(&[&HELLO], &[0], &CATALOGUE);

#[test]
fn an_absent_plugin_is_known_or_not() {
    let absent = |name| {
        COMPOSED
            .absent(name)
            .map(|absent: Absent| absent.to_string())
    };
    assert_eq!(absent("hello-plugin"), None);
    assert_eq!(
        absent("cache-plugin").unwrap(),
        "`cache-plugin` is known but not in this binary: build with `--features cache`"
    );
    assert_eq!(
        absent("helo-plugin").unwrap(),
        "no plugin is named `helo-plugin`: did you mean `hello-plugin`?"
    );
    assert_eq!(
        absent("quux").unwrap(),
        "no plugin is named `quux`: `list` shows the names"
    );
}
