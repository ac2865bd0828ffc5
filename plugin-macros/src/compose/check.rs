//! Checks what two entries must not have in common. The plan checks whether the plugins fit
//! together.

use std::collections::HashSet;

use super::entry::Entry;
use crate::diagnostics::Diagnostics;

/// Reports duplicates, at their second place.
pub(super) fn check(entries: &[Entry], diagnostics: &mut Diagnostics) {
    let (mut features, mut types) = (HashSet::new(), HashSet::new());
    for entry in entries {
        if let Some(feature) = &entry.feature
            && !features.insert(feature.value())
        {
            let name = feature.value();
            let message = format!(
                "feature `{name}` brings a plugin already: give each plugin a feature of its own"
            );
            diagnostics.at(feature, message);
        }
        let path = entry.type_name();
        if !types.insert(path.clone()) {
            diagnostics.at(
                &entry.path,
                format!("plugin `{path}` is in the set already: keep one of its entries"),
            );
        }
    }
}
