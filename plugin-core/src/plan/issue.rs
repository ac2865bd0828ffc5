//! The possible issues of a set of plugins, and their messages.

use std::{fmt, mem};

use super::catalogue::CatalogueEntry;
use super::edge::Edge;
use super::request;
use crate::const_text::{Text, render};
use crate::version::{self, Version};

/// An issue because of which plugins do not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanIssue {
    /// There are more plugins than can be numbered.
    TooMany {
        /// The number of plugins.
        count: usize,
    },
    /// Two plugins have the same name.
    DuplicateName {
        /// The name.
        name: &'static str,
        /// The Rust types of the plugins.
        types: [&'static str; 2],
    },
    /// A plugin needs a service that no plugin provides.
    MissingProvider {
        /// The plugin.
        plugin: &'static str,
        /// The service.
        service: &'static str,
        /// A plugin that provides it and that the build could contain.
        catalogued: Option<&'static CatalogueEntry>,
    },
    /// Two plugins provide a service that can have only one provider.
    TwoProviders {
        /// The service.
        service: &'static str,
        /// The plugins.
        plugins: [&'static str; 2],
    },
    /// A plugin sends a request that no plugin answers.
    MissingResponder {
        /// The plugin.
        plugin: &'static str,
        /// Topic of the request.
        request: &'static str,
        /// A plugin that answers it and that the build could contain.
        catalogued: Option<&'static CatalogueEntry>,
    },
    /// Two plugins answer a request.
    TwoResponders {
        /// Topic of the request.
        request: &'static str,
        /// The plugins.
        plugins: [&'static str; 2],
    },
    /// A plugin requires a plugin that is not in the build.
    MissingPlugin {
        /// The plugin.
        plugin: &'static str,
        /// The required plugin.
        required: &'static str,
        /// The required plugin, if the build could contain it.
        catalogued: Option<&'static CatalogueEntry>,
    },
    /// A plugin requires another version of a plugin.
    VersionMismatch {
        /// The plugin.
        plugin: &'static str,
        /// The required plugin.
        required: &'static str,
        /// The required version.
        requirement: &'static str,
        /// The version in the build.
        version: Version,
    },
    /// A version requirement is invalid.
    InvalidRequirement {
        /// The plugin.
        plugin: &'static str,
        /// The required plugin.
        required: &'static str,
        /// The requirement.
        requirement: &'static str,
    },
    /// A plugin conflicts with another one.
    Conflict {
        /// The plugin that declares the conflict.
        plugin: &'static str,
        /// The other plugin.
        other: &'static str,
    },
    /// Two event types have the same topic.
    DuplicateTopic {
        /// The topic.
        topic: &'static str,
        /// The Rust types.
        types: [&'static str; 2],
    },
    /// Plugins need each other in a cycle.
    Cycle {
        /// The edges of the cycle: each begins where the one before it ends.
        path: Vec<Edge>,
    },
}

impl PlanIssue {
    /// Writes the message. A cycle, which never exists as a value in const evaluation, is written
    /// step by step.
    pub(super) const fn write(&self, text: &mut Text<'_>) {
        match self {
            Self::TooMany { count } => write_too_many(*count, text),
            Self::DuplicateName { name, types } => write_duplicate_name(name, types, text),
            Self::MissingProvider {
                plugin,
                service,
                catalogued,
            } => {
                write_missing_provider((plugin, service), *catalogued, text);
            }
            Self::TwoProviders { service, plugins } => write_two_providers(service, plugins, text),
            Self::MissingResponder {
                plugin,
                request,
                catalogued,
            } => {
                request::write_missing((plugin, request), *catalogued, text);
            }
            Self::TwoResponders { request, plugins } => {
                request::write_two(request, plugins, text);
            }
            Self::MissingPlugin {
                plugin,
                required,
                catalogued,
            } => {
                write_missing_plugin((plugin, required), *catalogued, text);
            }
            Self::VersionMismatch {
                plugin,
                required,
                requirement,
                version,
            } => {
                version::write_mismatch((plugin, required), version, requirement, text);
            }
            Self::InvalidRequirement {
                plugin,
                required,
                requirement,
            } => {
                version::write_invalid((plugin, required), requirement, text);
            }
            Self::Conflict { plugin, other } => write_conflict(plugin, other, text),
            Self::DuplicateTopic { topic, types } => write_duplicate_topic(topic, types, text),
            Self::Cycle { .. } => {}
        }
    }
}

impl fmt::Display for PlanIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(|text| match self {
            Self::Cycle { path } => {
                begin_cycle(text);
                for (at, edge) in path.iter().enumerate() {
                    write_step(at, edge, text);
                }
                end_cycle(text);
            }
            issue => issue.write(text),
        }))
    }
}

impl std::error::Error for PlanIssue {}

const fn write_too_many(count: usize, text: &mut Text<'_>) {
    text.number(count as u64)
        .push(" plugins are more than a set can hold: leave some out, at most ")
        .number(super::set::MOST as u64)
        .push(" may stay");
}

const fn write_duplicate_name(name: &str, types: &[&str; 2], text: &mut Text<'_>) {
    text.push("two plugins are named ").name(name).push(", ");
    write_both(types, text);
    text.push(": give one of them another `name`, or leave it out");
}

const fn write_missing_provider(
    (plugin, service): (&str, &str),
    catalogued: Option<&CatalogueEntry>,
    text: &mut Text<'_>,
) {
    text.push("plugin ")
        .name(plugin)
        .push(" requires service ")
        .name(service);
    text.push(", which no plugin of this build provides");
    match catalogued {
        Some(entry) => {
            text.push("; ").name(entry.plugin).push(" provides it");
            write_feature(entry, text);
        }
        None => {
            text.push(": add a plugin with `provides(")
                .push(service)
                .push(")`");
        }
    }
}

const fn write_two_providers(service: &str, plugins: &[&str; 2], text: &mut Text<'_>) {
    text.push("service ")
        .name(service)
        .push(" is provided by both ");
    write_both(plugins, text);
    text.push(": leave one of them out, or declare the trait with `#[service(many)]`");
}

const fn write_missing_plugin(
    (plugin, required): (&str, &str),
    catalogued: Option<&CatalogueEntry>,
    text: &mut Text<'_>,
) {
    text.push("plugin ")
        .name(plugin)
        .push(" requires plugin ")
        .name(required);
    text.push(", which is not in this build");
    match catalogued {
        Some(entry) => write_feature(entry, text),
        None => {
            text.push(": add it to the set, or take it out of `requires`");
        }
    }
}

pub(super) const fn write_feature(entry: &CatalogueEntry, text: &mut Text<'_>) {
    text.push(": build with `--features ")
        .push(entry.feature)
        .push("`");
}

const fn write_conflict(plugin: &str, other: &str, text: &mut Text<'_>) {
    text.push("plugin ")
        .name(plugin)
        .push(" conflicts with plugin ")
        .name(other);
    text.push(", and this build holds both: leave one of them out");
}

const fn write_duplicate_topic(topic: &str, types: &[&str; 2], text: &mut Text<'_>) {
    text.push("two types of event have the topic ")
        .name(topic)
        .push(", ");
    write_both(types, text);
    text.push(": give one of them another topic");
}

pub(super) const fn write_both(names: &[&str; 2], text: &mut Text<'_>) {
    text.name(names[0]).push(" and ").name(names[1]);
}

pub(super) const fn begin_cycle(text: &mut Text<'_>) {
    text.push("plugins need each other in a cycle: ");
}

/// Writes one edge of a cycle.
pub(super) const fn write_step(at: usize, edge: &Edge, text: &mut Text<'_>) {
    if at == 0 {
        text.name(edge.from).push(" ");
    } else {
        text.push(", which ");
    }
    edge.write(text);
}

pub(super) const fn end_cycle(text: &mut Text<'_>) {
    text.push(": take one of these edges out, or publish an event in its place");
}

/// A buffer for issues. Issues for which there is no room are counted.
#[derive(Debug)]
pub(super) struct Issues<'i> {
    slots: &'i mut [Option<PlanIssue>],
    count: usize,
}

impl<'i> Issues<'i> {
    pub(super) const fn new(slots: &'i mut [Option<PlanIssue>]) -> Self {
        Self { slots, count: 0 }
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    // Const evaluation can't drop a value that may own memory, so `forget` is used. An empty slot
    // owns no memory, and neither does an issue that is pushed, because cycles are never pushed.
    pub(super) const fn push(&mut self, issue: PlanIssue) {
        if self.count < self.slots.len() {
            mem::forget(self.slots[self.count].replace(issue));
        } else {
            mem::forget(issue);
        }
        self.count += 1;
    }
}
