//! Compares an entry of `compose!` with the descriptor of its plugin.
//!
//! A build without the plugin's feature knows only what the entry says. These assertions are
//! evaluated in every build with the feature, so that the entry can't become outdated.

use crate::const_text::{Text, compare};
use crate::descriptor::Descriptor;

/// Largest size of a compile error in bytes.
const ROOM: usize = 1024;

/// Asserts that the plugin of an entry has the name that the entry states or implies.
///
/// # Panics
///
/// Panics if it has another name; in a constant, this is a compile error.
#[track_caller]
pub const fn assert_name(plugin: &Descriptor, name: &str) {
    if compare(plugin.name, name).is_eq() {
        return;
    }
    let mut buffer = [0; ROOM];
    let mut text = Text::new(&mut buffer);
    text.push("this entry stands for a plugin named ")
        .name(name);
    text.push(", but ")
        .name(plugin.type_name)
        .push(" is named ")
        .name(plugin.name);
    text.push(": write `as \"")
        .push(plugin.name)
        .push("\"` behind the path");
    panic!("{}", text.as_str());
}

/// Asserts that the plugin of an entry provides exactly the services that the entry lists.
///
/// # Panics
///
/// Panics if the lists differ; in a constant, this is a compile error.
#[track_caller]
pub const fn assert_provides(plugin: &Descriptor, services: &[&str]) {
    if let Some(service) = unprovided(plugin, services) {
        fail(
            plugin,
            service,
            (" does not provide ", ": take it out of `provides(…)`"),
        );
    }
    if let Some(service) = unlisted(plugin, services) {
        fail(
            plugin,
            service,
            (" also provides ", ": add it to `provides(…)`"),
        );
    }
}

/// Asserts that the plugin of an entry answers exactly the requests that the entry lists.
///
/// # Panics
///
/// Panics if the lists differ; in a constant, this is a compile error.
#[track_caller]
pub const fn assert_answers(plugin: &Descriptor, topics: &[&str]) {
    let mut at = 0;
    while at < topics.len() {
        if !answers(plugin, topics[at]) {
            let remedy = ": take it out of `answers(…)`";
            fail(plugin, topics[at], (" does not answer ", remedy));
        }
        at += 1;
    }
    let mut at = 0;
    while at < plugin.responds.len() {
        let topic = plugin.responds[at].request.topic;
        if !holds(topics, topic) {
            fail(
                plugin,
                topic,
                (" also answers ", ": add it to `answers(…)`"),
            );
        }
        at += 1;
    }
}

const fn answers(plugin: &Descriptor, topic: &str) -> bool {
    let mut at = 0;
    while at < plugin.responds.len() {
        if compare(plugin.responds[at].request.topic, topic).is_eq() {
            return true;
        }
        at += 1;
    }
    false
}

#[track_caller]
const fn fail(plugin: &Descriptor, service: &str, (verb, remedy): (&str, &str)) {
    let mut buffer = [0; ROOM];
    let mut text = Text::new(&mut buffer);
    text.push("plugin ")
        .name(plugin.name)
        .push(verb)
        .name(service)
        .push(remedy);
    panic!("{}", text.as_str());
}

/// The first service of a list that the plugin does not provide.
const fn unprovided<'s>(plugin: &Descriptor, services: &[&'s str]) -> Option<&'s str> {
    let mut at = 0;
    while at < services.len() {
        if !provides(plugin, services[at]) {
            return Some(services[at]);
        }
        at += 1;
    }
    None
}

const fn provides(plugin: &Descriptor, service: &str) -> bool {
    let mut at = 0;
    while at < plugin.provides.len() {
        if compare(plugin.provides[at].service.name, service).is_eq() {
            return true;
        }
        at += 1;
    }
    false
}

/// The first service of the plugin that is missing in a list.
const fn unlisted(plugin: &Descriptor, services: &[&str]) -> Option<&'static str> {
    let mut at = 0;
    while at < plugin.provides.len() {
        let service = plugin.provides[at].service.name;
        if !holds(services, service) {
            return Some(service);
        }
        at += 1;
    }
    None
}

const fn holds(services: &[&str], service: &str) -> bool {
    let mut at = 0;
    while at < services.len() {
        if compare(services[at], service).is_eq() {
            return true;
        }
        at += 1;
    }
    false
}
