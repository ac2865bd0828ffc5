//! Scratch memory of the caller, which is handed out in pieces.

use std::mem;

use crate::descriptor::Descriptor;
use crate::event::Source;
use crate::init::Need;

/// Zeroed words, each of which is handed out once.
#[derive(Debug)]
pub(super) struct Arena<'s> {
    rest: &'s mut [u64],
}

impl<'s> Arena<'s> {
    pub(super) const fn new(words: &'s mut [u64]) -> Self {
        Self { rest: words }
    }

    #[expect(
        clippy::mem_replace_with_default,
        reason = "const evaluation has no `mem::take`"
    )]
    pub(super) const fn take(&mut self, len: usize) -> &'s mut [u64] {
        let rest = mem::replace(&mut self.rest, &mut []);
        let (taken, rest) = rest.split_at_mut(len);
        self.rest = rest;
        taken
    }
}

/// Upper bounds for the numbers of items in the scratch memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) plugins: usize,
    pub(super) provides: usize,
    pub(super) edges: usize,
    pub(super) mentions: usize,
    /// Provided services that may have several providers.
    shared: usize,
    /// Needs for such services; each adds an edge to every provider.
    fans: usize,
}

impl Sizes {
    pub(super) const fn of(plugins: &[&'static Descriptor]) -> Self {
        let mut sizes = Self {
            plugins: plugins.len(),
            provides: 0,
            edges: 0,
            mentions: 0,
            shared: 0,
            fans: 0,
        };
        let mut at = 0;
        while at < plugins.len() {
            sizes.add(plugins[at]);
            at += 1;
        }
        sizes.edges += sizes.fans * sizes.shared;
        sizes
    }

    const fn add(&mut self, plugin: &Descriptor) {
        self.edges += plugin.requires.len() + plugin.after.len();
        self.provides += plugin.provides.len() + plugin.responds.len();
        self.mentions += plugin.responds.len();
        let mut at = 0;
        while at < plugin.needs.len() {
            match &plugin.needs[at] {
                Need::Service { service, .. } if service.many => self.fans += 1,
                Need::Service { .. } => self.edges += 1,
                Need::Publish(_) => self.mentions += 1,
                Need::Request { .. } => {
                    self.mentions += 1;
                    self.edges += 1;
                }
                _ => {}
            }
            at += 1;
        }
        let mut at = 0;
        while at < plugin.provides.len() {
            self.shared += plugin.provides[at].service.many as usize;
            at += 1;
        }
        let mut at = 0;
        while at < plugin.subscriptions.len() {
            self.mentions += matches!(plugin.subscriptions[at].source, Source::Event(_)) as usize;
            at += 1;
        }
    }
}
