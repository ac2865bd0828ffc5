//! What came out of a contest, kept in the target directory until it is printed.

use std::path::PathBuf;
use std::{env, fs, io};

use serde::{Deserialize, Serialize};

/// What came out of a contest.
#[derive(Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// Its name.
    pub contest: String,
    /// Rounds that counted; 0 if it could not be measured.
    pub rounds: usize,
    /// How each variant did.
    pub variants: Vec<Row>,
    /// What was expected.
    pub goals: Vec<Reached>,
}

/// How one variant did.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub variant: String,
    /// Nanoseconds of an operation, the median of the rounds.
    pub nanos: Option<f64>,
}

/// A goal, and what was reached.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reached {
    /// Which variants.
    pub what: String,
    /// The median of the rounds; `None` if it could not be measured.
    pub figure: Option<f64>,
    /// Its unit.
    pub unit: String,
    /// The bound, in words.
    pub limit: String,
    /// Whether it is kept.
    pub met: bool,
}

fn folder() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(
            || {
                [env!("CARGO_MANIFEST_DIR"), "..", "target"]
                    .iter()
                    .collect()
            },
            PathBuf::from,
        )
        .join("paired")
}

/// Keeps the outcomes of a contest in the place of earlier ones.
///
/// # Errors
///
/// When the target directory can't be written.
pub fn save(contest: &str, outcomes: &[Outcome]) -> io::Result<()> {
    let plain = |letter: char| {
        if letter.is_alphanumeric() {
            letter
        } else {
            '-'
        }
    };
    let name: String = contest.chars().map(plain).collect();
    fs::create_dir_all(folder())?;
    let file = folder().join(name).with_extension("json");
    fs::write(file, serde_json::to_vec_pretty(outcomes)?)
}

/// The outcomes that are kept, in the order in which they were measured; none if nothing was.
///
/// # Errors
///
/// When they can't be read.
pub fn load() -> io::Result<Vec<Outcome>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder()).into_iter().flatten() {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort();
    let mut outcomes = Vec::new();
    for (_, file) in files {
        outcomes.extend(serde_json::from_slice::<Vec<_>>(&fs::read(file)?)?);
    }
    Ok(outcomes)
}
