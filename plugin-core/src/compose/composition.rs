//! Plugins that fit together.

use std::borrow::Cow;

use crate::descriptor::Descriptor;
use crate::plan::{self, CatalogueEntry, Edge, PlanError};

/// Plugins that fit together, in start order.
///
/// `compose!` proves a composition at build time; [`Composition::assemble`] makes one from a set
/// that is chosen at run time.
#[derive(Debug, Clone)]
pub struct Composition {
    plugins: Cow<'static, [&'static Descriptor]>,
    /// Indices of the plugins in start order.
    order: Cow<'static, [u16]>,
    catalogue: &'static [CatalogueEntry],
    pub(super) origin: Composer,
}

/// How the set was composed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Composer {
    /// By `compose!`: linked plugins that it does not name are left out.
    Build,
    /// By `compose!` with `#![strict]`: the set contains all plugins of the binary.
    Strict,
    /// By a test or an embedding program, which may leave out plugins of the binary.
    Hand,
}

impl Composition {
    /// Called by `compose!` with an order that `prove` returned.
    #[doc(hidden)]
    #[must_use]
    pub const fn proven(
        plugins: &'static [&'static Descriptor],
        order: &'static [u16],
        catalogue: &'static [CatalogueEntry],
    ) -> Self {
        assert!(
            plugins.len() == order.len(),
            "an order names each plugin once"
        );
        Self {
            plugins: Cow::Borrowed(plugins),
            order: Cow::Borrowed(order),
            catalogue,
            origin: Composer::Build,
        }
    }

    /// Called by `compose!` with `#![strict]`.
    #[doc(hidden)]
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.origin = Composer::Strict;
        self
    }

    /// Makes a composition of plugins that a test or an embedding program chose at run time.
    ///
    /// # Example
    ///
    /// ```
    /// # use plugin_core::{Composition, Descriptor, Hooks, PluginRef};
    /// # const HOOKS: Hooks = Hooks::new(|_| Ok(Box::pin(async { Ok(std::sync::Arc::new(()) as PluginRef) })));
    /// static CHEF: Descriptor = Descriptor::new("chef", "1.0.0", HOOKS).after(&["stove"]);
    /// static STOVE: Descriptor = Descriptor::new("stove", "1.0.0", HOOKS);
    ///
    /// let kitchen = Composition::assemble(&[&CHEF, &STOVE]).unwrap();
    /// let order: Vec<_> = kitchen.plugins().map(|plugin| plugin.name).collect();
    /// assert_eq!(order, ["stove", "chef"]);
    /// ```
    ///
    /// # Errors
    ///
    /// Returns all issues at once if the plugins do not fit together.
    pub fn assemble(plugins: &[&'static Descriptor]) -> Result<Self, PlanError> {
        let order = plan::plan(plugins)?;
        Ok(Self {
            plugins: Cow::Owned(plugins.to_vec()),
            order: Cow::Owned(order),
            catalogue: &[],
            origin: Composer::Hand,
        })
    }

    /// The plugins in start order.
    pub fn plugins(
        &self,
    ) -> impl DoubleEndedIterator<Item = &'static Descriptor> + ExactSizeIterator {
        self.order.iter().map(|&at| self.plugins[usize::from(at)])
    }

    /// The plugins that the build could contain; empty for a set that was chosen at run time.
    #[must_use]
    pub fn catalogue(&self) -> &'static [CatalogueEntry] {
        self.catalogue
    }

    /// The plugin with this name, if the set contains it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Descriptor> {
        let mut plugins = self.plugins.iter().copied();
        plugins.find(|plugin| plugin.name == name)
    }

    /// The constraints on the start order: which plugin needs which, and why. They are ordered by
    /// the kind and name of the plugin that needs the other.
    #[must_use]
    pub fn edges(&self) -> Vec<Edge> {
        plan::edges(&self.plugins)
    }
}
