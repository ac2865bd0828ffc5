//! The reason why a named plugin is missing.

use std::fmt;

use super::composition::Composition;
use crate::nearest::nearest;
use crate::plan::CatalogueEntry;

/// The reason why a set does not contain a plugin that a config or an operator names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Absent {
    /// The build could contain it.
    LeftOut {
        /// The line of the catalogue, with the Cargo feature that adds the plugin.
        entry: &'static CatalogueEntry,
    },
    /// It is linked, but `compose!` does not name it.
    Uncomposed {
        /// The plugin.
        plugin: &'static str,
        /// Its Rust type.
        type_name: &'static str,
    },
    /// No plugin has this name.
    Unknown {
        /// The name.
        name: String,
        /// The most similar known name, if one is similar enough.
        similar: Option<&'static str>,
    },
}

impl Composition {
    /// The reason why the set does not contain a plugin; `None` if it does.
    #[must_use]
    pub fn absent(&self, name: &str) -> Option<Absent> {
        if self.find(name).is_some() {
            return None;
        }
        Some(self.known_absent(name).unwrap_or_else(|| Absent::Unknown {
            name: name.to_owned(),
            similar: similar(self, name),
        }))
    }

    /// The same for a plugin that the catalogue or the binary knows.
    pub(crate) fn known_absent(&self, name: &str) -> Option<Absent> {
        if self.find(name).is_some() {
            return None;
        }
        let entry = (self.catalogue().iter()).find(|entry| entry.plugin == name);
        if let Some(entry) = entry {
            return Some(Absent::LeftOut { entry });
        }
        let mut linked = self.left_out().into_iter();
        let plugin = linked.find(|plugin| plugin.name == name)?;
        Some(Absent::Uncomposed {
            plugin: plugin.name,
            type_name: plugin.type_name,
        })
    }
}

/// The most similar known name. An ending that most names have does not distinguish them, so it may
/// be omitted.
fn similar(composition: &Composition, name: &str) -> Option<&'static str> {
    let composed = composition.plugins().map(|plugin| plugin.name);
    let catalogued = composition.catalogue().iter().map(|entry| entry.plugin);
    let known: Vec<&'static str> = composed.chain(catalogued).collect();
    let meant = nearest(stem(name), known.iter().map(|known| stem(known)))?;
    known.into_iter().find(|known| stem(known) == meant)
}

fn stem(name: &str) -> &str {
    name.strip_suffix("-plugin").unwrap_or(name)
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOut { entry } => write!(
                f,
                "`{}` is known but not in this binary: build with `--features {}`",
                entry.plugin, entry.feature
            ),
            Self::Uncomposed { plugin, type_name } => write!(
                f,
                "`{plugin}` is linked, not composed: left out (name `{type_name}` in `compose!` to \
                 have it)"
            ),
            Self::Unknown {
                name,
                similar: Some(similar),
            } => {
                write!(f, "no plugin is named `{name}`: did you mean `{similar}`?")
            }
            Self::Unknown {
                name,
                similar: None,
            } => {
                write!(f, "no plugin is named `{name}`: `list` shows the names")
            }
        }
    }
}
