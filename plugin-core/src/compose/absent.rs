//! Why a plugin that somebody names is not there.

use std::fmt;

use super::{CatalogueEntry, Composition};

/// How like a known name another one must be to be a slip of the pen.
const LIKE: f64 = 0.6;

/// Why a set lacks a plugin that a config or an operator names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Absent {
    /// The build could have held it.
    LeftOut {
        /// The line of the catalogue, with the feature that brings it.
        entry: &'static CatalogueEntry,
    },
    /// No plugin has the name.
    Unknown {
        /// The name.
        name: String,
        /// The known name that is most like it, if one is.
        similar: Option<&'static str>,
    },
}

pub(super) fn absent(composition: &Composition, name: &str) -> Option<Absent> {
    if composition.find(name).is_some() {
        return None;
    }
    let entry = composition
        .catalogue
        .iter()
        .find(|entry| entry.plugin == name);
    Some(match entry {
        Some(entry) => Absent::LeftOut { entry },
        None => Absent::Unknown {
            name: name.to_owned(),
            similar: similar(composition, name),
        },
    })
}

fn similar(composition: &Composition, name: &str) -> Option<&'static str> {
    let composed = composition.plugins().map(|plugin| plugin.name);
    let catalogued = composition.catalogue.iter().map(|entry| entry.plugin);
    let likeness = |known| likeness(known, name);
    composed
        .chain(catalogued)
        .map(|known| (likeness(known), known))
        .filter(|&(likeness, _)| likeness >= LIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// How like a known name another one is, from 0 to 1. What most names end in says nothing of which
/// one is meant, and may be left off.
fn likeness(known: &str, name: &str) -> f64 {
    let like = strsim::normalized_damerau_levenshtein;
    match (known.strip_suffix("-plugin"), name.strip_suffix("-plugin")) {
        (Some(known), Some(name)) => like(known, name),
        (Some(stem), None) => like(stem, name).max(like(known, name)),
        (None, _) => like(known, name),
    }
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOut { entry } => write!(
                f,
                "`{}` is known but not in this binary: build with `--features {}`",
                entry.plugin, entry.feature
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
