//! All metrics in one table, from which they are served and documented.

mod durable;
mod handlers;
mod own;
mod plugins;
mod process;
mod whole;

use std::fmt::Write as _;

use plugin_core::lifecycle::MetricsSnapshot;

use crate::family::{Family, Kind, unit};
use crate::samples::FamilySink;

/// The tables, each with its subject.
const TABLES: [(&str, &[Family]); 5] = [
    ("Each instance of a plugin", plugins::FAMILIES),
    ("Each handler, and each schedule", handlers::FAMILIES),
    ("The store of each durable handler", durable::FAMILIES),
    ("The whole", whole::FAMILIES),
    ("The process", process::FAMILIES),
];

fn families() -> impl Iterator<Item = &'static Family> {
    TABLES.iter().flat_map(|(_, families)| families.iter())
}

/// Writes all metrics.
pub(crate) fn write(snapshot: &MetricsSnapshot, sink: &mut impl FamilySink) {
    for family in families() {
        sink.family(family, |samples| (family.fill)(snapshot, samples));
    }
    own::write(snapshot, sink);
}

/// The names that queries can use; for a histogram, those of its `_bucket`, `_sum` and `_count`.
#[must_use]
pub fn names() -> Vec<String> {
    let names = families().flat_map(|family| match family.kind {
        Kind::Histogram => ["_bucket", "_sum", "_count"]
            .map(|suffix| format!("{}{suffix}", family.name))
            .to_vec(),
        Kind::Counter | Kind::Gauge => vec![family.sample()],
    });
    names.collect()
}

/// The list of all metrics as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = String::new();
    for (title, families) in TABLES {
        let _infallible = write!(
            text,
            "### {title}\n\n| metric | kind | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n"
        );
        for family in families {
            let labels: Vec<_> = family.labels.iter().map(|it| format!("`{it}`")).collect();
            let _infallible = writeln!(
                text,
                "| `{}` | {} | {} | {} | {} |",
                family.sample(),
                family.kind.as_str(),
                unit(family.name).unwrap_or_default(),
                labels.join(", "),
                family.help
            );
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_name_is_there_once_and_says_one_sentence() {
        let mut seen = BTreeSet::new();
        for family in families() {
            assert!(seen.insert(family.name), "{} is there twice", family.name);
            assert!(!family.name.ends_with("_total"), "{}", family.name);
            assert!(family.help.ends_with('.'), "{}", family.help);
            assert!(!family.help.contains(['\\', '\n', '|']), "{}", family.help);
        }
    }
}
