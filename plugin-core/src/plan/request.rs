//! The messages of issues with requests.

use super::catalogue::CatalogueEntry;
use super::issue::{write_both, write_feature};
use crate::const_text::Text;

pub(super) const fn write_missing(
    (plugin, topic): (&str, &str),
    catalogued: Option<&CatalogueEntry>,
    text: &mut Text<'_>,
) {
    text.push("plugin ")
        .name(plugin)
        .push(" requests ")
        .name(topic);
    text.push(", which no plugin of this build answers");
    match catalogued {
        Some(entry) => {
            text.push("; ").name(entry.plugin).push(" answers it");
            write_feature(entry, text);
        }
        None => {
            text.push(": add a plugin with a `#[respond]` method that takes it");
        }
    }
}

pub(super) const fn write_two(topic: &str, plugins: &[&str; 2], text: &mut Text<'_>) {
    text.push("request ")
        .name(topic)
        .push(" is answered by both ");
    write_both(plugins, text);
    text.push(": leave one of them out");
}
