//! Plugins that fit together.

use std::borrow::Cow;

use crate::descriptor::Descriptor;
use crate::plan::{self, CatalogueEntry, Edge, PlanError};

/// Plugins that fit together, in start order.
///
/// `compose!` proves one at build time; [`Composition::assemble`] makes the same of a set put
/// together at run time.
#[derive(Debug, Clone)]
pub struct Composition {
    plugins: Cow<'static, [&'static Descriptor]>,
    /// Indices of the plugins, those that start first in front.
    order: Cow<'static, [u16]>,
    catalogue: &'static [CatalogueEntry],
    pub(super) origin: Composer,
}

/// Who put a set together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Composer {
    /// `compose!`: what it does not name is left out.
    Build,
    /// `compose!` with `#![strict]`: it holds all plugins of the binary.
    Strict,
    /// A test or an embedder, who may leave plugins of the binary out.
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

    /// Makes a set of plugins that were chosen at run time: by a test, or by an embedder.
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
    /// When the plugins do not fit together: all that is wrong at once.
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

    /// All that the build could have held; nothing for a set put together at run time.
    #[must_use]
    pub fn catalogue(&self) -> &'static [CatalogueEntry] {
        self.catalogue
    }

    /// The plugin of that name, if the set holds it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Descriptor> {
        let mut plugins = self.plugins.iter().copied();
        plugins.find(|plugin| plugin.name == name)
    }

    /// What forces the start order: which plugin needs which, and why. In order of the kinds and
    /// names of the plugins that need.
    #[must_use]
    pub fn edges(&self) -> Vec<Edge> {
        plan::edges(&self.plugins)
    }
}
