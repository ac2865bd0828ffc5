//! The service with which a plugin stores dead letters.

use plugin_macros::service;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::letter::{DeadLetter, DeadLetterId};
use crate::error::Result;

/// Selects dead letters, and how many are returned at once; oldest first.
///
/// # Example
///
/// ```
/// use plugin_core::event::DeadLetterQuery;
///
/// let query = DeadLetterQuery::new().plugin("hello-plugin").limit(20);
/// assert_eq!(query.plugin.as_deref(), Some("hello-plugin"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DeadLetterQuery {
    /// Only letters of this plugin's handlers.
    pub plugin: Option<String>,
    /// Only letters of this topic.
    pub topic: Option<String>,
    /// Only letters after this one: the `next` of the previous page.
    pub after: Option<DeadLetterId>,
    /// Most letters in a page.
    pub limit: usize,
}

impl Default for DeadLetterQuery {
    fn default() -> Self {
        Self::new()
    }
}

impl DeadLetterQuery {
    /// Selects the first hundred letters.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            plugin: None,
            topic: None,
            after: None,
            limit: 100,
        }
    }

    /// Selects only letters of one plugin's handlers.
    #[must_use]
    pub fn plugin(mut self, plugin: impl Into<String>) -> Self {
        self.plugin = Some(plugin.into());
        self
    }

    /// Selects only letters of one topic.
    #[must_use]
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// Continues after a page; `after` is its `next`.
    #[must_use]
    pub const fn after(mut self, after: DeadLetterId) -> Self {
        self.after = Some(after);
        self
    }

    /// Sets the largest number of letters in a page.
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Whether a letter is selected, whatever the beginning of the page.
    #[must_use]
    pub fn wants(&self, letter: &DeadLetter) -> bool {
        let is = |wanted: &Option<String>, it: &str| wanted.as_ref().is_none_or(|one| one == it);
        is(&self.plugin, &letter.plugin) && is(&self.topic, &letter.topic)
    }
}

/// Some dead letters, oldest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterPage {
    /// The letters.
    pub letters: Vec<DeadLetter>,
    /// Where the next page begins, for [`DeadLetterQuery::after`]; `None` on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<DeadLetterId>,
}

/// Stores dead letters. Without this service, the kernel keeps them in memory. As soon as a plugin
/// provides it, the kernel passes all letters to it, and keeps in memory only letters that the
/// plugin fails to store.
///
/// A plugin with `kind = system` should provide it, because such a plugin stops after all plugins
/// whose events may still fail.
#[service(crate = crate)]
pub trait DeadLetterStore {
    /// Stores a letter, and replaces one with the same id.
    async fn put(&self, letter: DeadLetter) -> Result<()>;

    /// Stores letters like [`put`](DeadLetterStore::put). The kernel passes letters together that
    /// fail together, so a store on disk can write them with one commit. If this fails, some of the
    /// letters may be stored; all of them are passed again.
    async fn put_all(&self, letters: Vec<DeadLetter>) -> Result<()> {
        for letter in letters {
            self.put(letter).await?;
        }
        Ok(())
    }

    /// The selected letters, ordered by id.
    async fn list(&self, query: DeadLetterQuery) -> Result<DeadLetterPage>;

    /// One letter; `None` if there is no letter with this id.
    async fn show(&self, id: DeadLetterId) -> Result<Option<DeadLetter>>;

    /// Removes a letter; `false` if there is no letter with this id.
    async fn remove(&self, id: DeadLetterId) -> Result<bool>;

    /// Removes the letters with these ids, as far as they exist.
    async fn remove_all(&self, ids: Vec<DeadLetterId>) -> Result<()> {
        for id in ids {
            self.remove(id).await?;
        }
        Ok(())
    }
}
