//! Checks that the members of each group of the running plugins agree.

use std::collections::BTreeMap;

use super::issue::{Issue, IssueKind};
use super::origin::Origin;
use super::report::Report;
use super::settings::{self, PluginSettings};
use crate::compose::Composition;
use crate::event::{Source, Subscription};
use crate::pattern::Pattern;
use crate::registry;

/// A member of a group.
#[derive(Clone, Copy)]
struct Member {
    plugin: &'static str,
    subscription: &'static Subscription,
}

/// Adds an issue for everything that the members of a group do not agree on.
pub(super) fn check(
    composition: &Composition,
    plugins: &BTreeMap<&'static str, PluginSettings>,
    report: &mut Report,
) {
    let mut groups = BTreeMap::<&str, Vec<Member>>::new();
    // All instances of a plugin have the same handlers.
    let mut enabled: Vec<_> = settings::instances(composition, plugins)
        .filter(|(_, settings)| settings.config.enabled)
        .map(|(plugin, _)| plugin)
        .collect();
    enabled.dedup_by_key(|plugin| plugin.name);
    for plugin in enabled {
        for subscription in plugin.subscriptions {
            if let Some(group) = subscription.options.group {
                groups.entry(group).or_default().push(Member {
                    plugin: plugin.name,
                    subscription,
                });
            }
        }
    }
    for (group, members) in groups {
        for (at, one) in members.iter().enumerate() {
            let wrong = members[at + 1..]
                .iter()
                .find_map(|other| one.against(other));
            if let Some(wrong) = wrong {
                let what = format!("group `{group}`: {wrong}");
                report.issue(Issue::new(IssueKind::Build, &Origin::Default, "", what));
            }
        }
    }
}

impl Member {
    /// The reason why two handlers can't be members of one group; `None` if they can.
    fn against(&self, other: &Self) -> Option<String> {
        let (one, two) = (self.subscription, other.subscription);
        let (ours, theirs) = (one.source.topic(), two.source.topic());
        if ours != theirs {
            let topic = shared_topic(one.source, two.source)?;
            return Some(format!(
                "{self} listens to `{ours}` and {other} to `{theirs}`, so `{topic}` would reach the group twice: name the same event or pattern in both, or another group in one"
            ));
        }
        if one.options.keyed != two.options.keyed {
            let (with, without) = if one.options.keyed {
                (self, other)
            } else {
                (other, self)
            };
            return Some(format!(
                "{with} has a `key` and {without} has none: give both the same"
            ));
        }
        let (balance, another) = (one.options.balance, two.options.balance);
        (balance != another).then(|| {
            format!(
                "{self} says `balance = {}` and {other} `balance = {}`: give both the same",
                balance.as_str(),
                another.as_str()
            )
        })
    }
}

impl std::fmt::Display for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` of `{}`", self.subscription.handler, self.plugin)
    }
}

/// A topic that both sources contain.
fn shared_topic(one: Source, two: Source) -> Option<&'static str> {
    let topics = registry::events().into_iter().map(|event| event.topic);
    topics
        .into_iter()
        .find(|topic| hears(one, topic) && hears(two, topic))
}

fn hears(source: Source, topic: &str) -> bool {
    match source {
        Source::Event(event) => event.topic == topic,
        Source::Pattern(pattern) => {
            Pattern::parse(pattern).is_ok_and(|pattern| pattern.matches(topic))
        }
    }
}
