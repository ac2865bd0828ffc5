//! Counts on disk: `benches/count/counts.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What one operation of a scenario takes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Count {
    pub(crate) instructions: f64,
    /// Those of them that lock a cache line.
    pub(crate) locked: f64,
}

/// Counts of all scenarios by name.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Record(BTreeMap<String, Count>);

impl<'a> FromIterator<(&'a str, Count)> for Record {
    fn from_iter<I: IntoIterator<Item = (&'a str, Count)>>(counts: I) -> Self {
        let rounded = |figure: f64| (figure * 10.0).round() / 10.0;
        let entry = |(name, count): (&str, Count)| {
            let count = Count {
                instructions: rounded(count.instructions),
                locked: rounded(count.locked),
            };
            (name.to_owned(), count)
        };
        Self(counts.into_iter().map(entry).collect())
    }
}

impl Record {
    pub(crate) fn get(&self, scenario: &str) -> Option<Count> {
        self.0.get(scenario).copied()
    }

    pub(crate) fn read() -> Result<Self, String> {
        let file = file();
        let text = fs::read(&file)
            .map_err(|error| format!("{}: {error}: {RECORD_ANEW}", file.display()))?;
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    pub(crate) fn write(&self) -> Result<(), String> {
        let file = file();
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        fs::write(&file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))
    }
}

/// What to do when the record does not fit any more.
pub(crate) const RECORD_ANEW: &str = "record anew with `cargo xtask counts --record`";

fn file() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "counts.json"].iter().collect()
}
