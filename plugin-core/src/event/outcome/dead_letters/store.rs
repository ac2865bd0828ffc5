//! Where dead letters are kept: a service that a plugin may provide.

use plugin_macros::service;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::letter::{DeadLetter, DeadLetterId};
use crate::error::Result;

/// Which dead letters are wanted, and how many at once; oldest first.
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
    /// Only those of this plugin's handlers.
    pub plugin: Option<String>,
    /// Only those of this topic.
    pub topic: Option<String>,
    /// Only those after this one: the `next` of the page before.
    pub after: Option<DeadLetterId>,
    /// Most letters of a page.
    pub limit: usize,
}

impl Default for DeadLetterQuery {
    fn default() -> Self {
        Self::new()
    }
}

impl DeadLetterQuery {
    /// The first hundred.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            plugin: None,
            topic: None,
            after: None,
            limit: 100,
        }
    }

    /// Only those of one plugin's handlers.
    #[must_use]
    pub fn plugin(mut self, plugin: impl Into<String>) -> Self {
        self.plugin = Some(plugin.into());
        self
    }

    /// Only those of one topic.
    #[must_use]
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// Goes on after a page: `after` is its `next`.
    #[must_use]
    pub const fn after(mut self, after: DeadLetterId) -> Self {
        self.after = Some(after);
        self
    }

    /// Sets how many there are on a page at most.
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Whether a letter is wanted, wherever the page begins.
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

/// Keeps dead letters. The kernel keeps them in memory; as soon as a plugin provides this service,
/// it hands all of them over, and keeps in memory only what the plugin fails to take.
///
/// A plugin of `kind = system` is the right one: it stops after all whose events may still fail.
#[service(crate = crate)]
pub trait DeadLetterStore {
    /// Keeps a letter, in the place of one with the same id.
    async fn put(&self, letter: DeadLetter) -> Result<()>;

    /// Keeps letters, as [`put`](DeadLetterStore::put) does each. The kernel hands over together what
    /// fails together: a store that writes to a disk does it with one commit. Of several letters some
    /// may be kept when this fails; they are put again.
    async fn put_all(&self, letters: Vec<DeadLetter>) -> Result<()> {
        for letter in letters {
            self.put(letter).await?;
        }
        Ok(())
    }

    /// The letters that are wanted, in order of their ids.
    async fn list(&self, query: DeadLetterQuery) -> Result<DeadLetterPage>;

    /// One letter; `None` if there is none of that id.
    async fn show(&self, id: DeadLetterId) -> Result<Option<DeadLetter>>;

    /// Forgets a letter; `false` if there is none of that id.
    async fn remove(&self, id: DeadLetterId) -> Result<bool>;

    /// Forgets letters, as far as there are any of these ids.
    async fn remove_all(&self, ids: Vec<DeadLetterId>) -> Result<()> {
        for id in ids {
            self.remove(id).await?;
        }
        Ok(())
    }
}
