//! A composed set: the plugins of a build, their proven start order, and the catalogue of all
//! that the build could have held.

use crate::descriptor::Descriptor;

/// A line of `compose!`: a plugin that a feature chooses, in this build or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// The Cargo feature.
    pub feature: &'static str,
    /// The plugin's name.
    pub plugin: &'static str,
    /// Short names of the services that the plugin provides.
    pub provides: &'static [&'static str],
    /// Whether this build holds it.
    pub enabled: bool,
}

/// What `compose!` proves at build time; [`Composition::assemble`] makes the same of a set put
/// together at run time.
#[derive(Debug, Clone, Copy)]
pub struct Composition {
    plugins: &'static [&'static Descriptor],
    order: &'static [u16],
    catalogue: &'static [CatalogueEntry],
}

impl Composition {
    /// Called by `compose!` with an order that `plan` returned.
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
            plugins,
            order,
            catalogue,
        }
    }

    /// The plugins in start order.
    pub fn plugins(
        &self,
    ) -> impl DoubleEndedIterator<Item = &'static Descriptor> + ExactSizeIterator {
        let plugins = self.plugins;
        self.order.iter().map(move |&at| plugins[usize::from(at)])
    }

    /// All that the build could have held.
    #[must_use]
    pub fn catalogue(&self) -> &'static [CatalogueEntry] {
        self.catalogue
    }

    /// The plugin of that name, if this build holds it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Descriptor> {
        self.plugins
            .iter()
            .copied()
            .find(|plugin| plugin.name == name)
    }
}
