//! What `#[plugin]` and `#[event]` write, field by field.

mod absolute;
mod conditional;
mod fixture;
mod fragments;
mod raw;
mod receivers;
mod running;

use std::time::Duration;

use plugin_core::event::Event;
use plugin_core::{
    Arity, Descriptor, Kind, Mode, Need, Overflow, Plugin, Source, SubscribeOptions, Subscription,
    registry,
};

use fixture::{Answered, Hello, Logger, Said};

const HELLO: &Descriptor = Hello::DESCRIPTOR;

fn subscription(handler: &str) -> &'static Subscription {
    let mut all = HELLO.subscriptions.iter();
    all.find(|one| one.handler == handler)
        .expect("a handler of that name")
}

#[test]
fn an_event_is_described() {
    let said = Said::DESCRIPTOR;
    assert_eq!(said.topic, "greeting.said");
    assert_eq!(said.type_name, concat!(module_path!(), "::fixture::Said"));
    assert_eq!(said.description, "A greeting was said.");
    assert_eq!(Answered::DESCRIPTOR.description, "");
    assert!(said.check(br#"{"text": "hello"}"#).is_ok());
    assert!(said.check(br#"{"text": 1}"#).is_err());
}

#[test]
fn the_options_are_described() {
    assert_eq!((HELLO.name, Hello::NAME), ("test-hello", "test-hello"));
    assert_eq!(Hello::VERSION, env!("CARGO_PKG_VERSION"));
    assert_eq!(HELLO.description, "Greets and answers.");
    assert_eq!(HELLO.kind, Kind::Business);
    assert_eq!(HELLO.type_name, concat!(module_path!(), "::fixture::Hello"));
    assert_eq!(HELLO.after, ["test-early", "test-first"]);
    assert_eq!(HELLO.conflicts, ["test-rival"]);
}

#[test]
fn the_options_of_another_plugin_are_its_own() {
    let logger = Logger::DESCRIPTOR;
    assert_eq!(logger.kind, Kind::System);
    assert_eq!((logger.version.minor, logger.version.pre), (4, "beta.1"));
    assert_eq!(logger.description, "");
    assert!(logger.hooks.start.is_none() && logger.subscriptions.is_empty());
}

#[test]
fn a_requirement_names_the_plugin_of_the_type() {
    let [requirement] = HELLO.requires else {
        panic!("one requirement")
    };
    assert_eq!(
        (requirement.plugin, requirement.version),
        ("test-logger", ">=1.4.2-beta, <2")
    );
}

#[test]
fn needs_are_read_off_init_and_then_reload() {
    let [config, publish, many, optional, Need::Clock, Need::DataDir] = HELLO.needs else {
        panic!("unexpected needs: {:?}", HELLO.needs)
    };
    assert!(matches!(config, Need::Config(_)));
    assert!(matches!(publish, Need::Publish(event) if event.topic == "greeting.answered"));
    assert!(is_service(many, "Phrases", Arity::Many));
    assert!(is_service(optional, "Greeter", Arity::Optional));
}

fn is_service(need: &Need, name: &str, expected: Arity) -> bool {
    matches!(need, Need::Service { service, arity } if service.name == name && *arity == expected)
}

#[test]
fn provided_services_have_their_priority() {
    let provides: Vec<_> = (HELLO.provides.iter())
        .map(|provide| (provide.service.name, provide.priority))
        .collect();
    assert_eq!(provides, [("Greeter", 0), ("Phrases", 10)]);
}

#[test]
fn hooks_are_those_of_the_block() {
    let hooks = HELLO.hooks;
    assert!(hooks.start.is_some() && hooks.stop.is_some());
    assert!(hooks.reload.is_some() && hooks.health.is_some());
}

#[test]
fn handlers_are_in_the_order_of_the_block() {
    let handlers: Vec<_> = HELLO.subscriptions.iter().map(|one| one.handler).collect();
    assert_eq!(
        handlers,
        ["hear", "answer", "collect", "watch", "watch_later"]
    );
}

#[test]
fn a_bare_subscribe_has_the_default_options() {
    let hear = subscription("hear");
    assert_eq!(
        (hear.mode, hear.source.topic()),
        (Mode::Inline, "greeting.said")
    );
    assert_eq!(hear.options, SubscribeOptions::DEFAULT);
}

#[test]
fn options_of_a_handler_are_described() {
    let answer = subscription("answer");
    assert_eq!(
        (answer.mode, answer.source.topic()),
        (Mode::Queued, "greeting.said")
    );
    let expected = SubscribeOptions::DEFAULT
        .priority(-3)
        .timeout(Duration::from_millis(1500))
        .concurrency(4)
        .overflow(Overflow::DropOldest);
    assert_eq!(answer.options, expected);
}

#[test]
fn a_batch_handler_says_how_many_and_how_long() {
    let collect = subscription("collect");
    assert_eq!(
        (collect.mode, collect.source.topic()),
        (Mode::Queued, "greeting.answered")
    );
    let expected = SubscribeOptions::DEFAULT
        .batch(16, Duration::from_millis(10))
        .overflow(Overflow::Fail);
    assert_eq!(collect.options, expected);
}

#[test]
fn handlers_of_any_event_have_their_pattern() {
    let (now, later) = (subscription("watch"), subscription("watch_later"));
    assert!(matches!(now.source, Source::Pattern("greeting.*")));
    assert!(matches!(later.source, Source::Pattern("greeting.**")));
    assert_eq!((now.mode, later.mode), (Mode::Inline, Mode::Queued));
}

#[test]
fn the_linked_slices_hold_them() {
    let names: Vec<_> = registry::plugins()
        .iter()
        .map(|plugin| plugin.name)
        .collect();
    assert!(names.contains(&"test-hello") && names.contains(&"test-logger"));
    let topics: Vec<_> = registry::events().iter().map(|event| event.topic).collect();
    assert!(topics.contains(&"greeting.said") && topics.contains(&"greeting.answered"));
}
