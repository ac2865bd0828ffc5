//! The stock of a durable subscription, with the reason why it is kept.

use schemars::JsonSchema;
use serde::Serialize;

use crate::compose::Composition;
use crate::config::Settings;
use crate::descriptor::Descriptor;
use crate::event::store::{Stock, SubscriptionName};
use crate::instance_name::InstanceName;

/// What a store keeps for a durable subscription, and whether a plugin takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct StoredSubscription {
    /// What is stored.
    #[serde(flatten)]
    pub stock: Stock,
    /// Whether a plugin of this build that is on has this subscription.
    pub subscribed: bool,
    /// Why it is kept, if no plugin takes it.
    pub note: Option<&'static str>,
}

impl StoredSubscription {
    /// Compares the subscription with the plugins of a build and their config.
    #[must_use]
    pub fn of(stock: Stock, composition: &Composition, settings: &Settings) -> Self {
        let name = &stock.subscription;
        let is_built = (composition.plugins()).any(|plugin| subscribes(plugin, name));
        let is_on = (settings.plugins.get(&*name.plugin)).is_some_and(|it| it.config.enabled);
        let note = match (is_built, is_on) {
            (true, true) => None,
            (true, false) => Some("its plugin is turned off: kept until it is on"),
            (false, _) => {
                Some("no plugin of this build has this subscription: kept until one does")
            }
        };
        Self {
            subscribed: note.is_none(),
            stock,
            note,
        }
    }

    /// Whether it has nothing to say: nobody subscribes, and nothing is stored.
    #[must_use]
    pub fn is_void(&self) -> bool {
        !self.subscribed && self.stock.pending + self.stock.dead == 0
    }
}

fn subscribes(plugin: &Descriptor, name: &SubscriptionName) -> bool {
    plugin.name == InstanceName::of(&name.plugin).plugin
        && (plugin.subscriptions.iter()).any(|one| {
            one.options.durable && one.handler == name.handler && one.source.topic() == name.topic
        })
}
