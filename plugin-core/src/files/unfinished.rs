//! Files that are being written: beside the one whose place they take, under names that are never
//! given twice. A crash leaves some; the next start removes them.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cap_std::fs::Dir;

/// How their names begin.
const PREFIX: &str = ".unfinished-";

/// Most entries that a start looks at: what is left beyond them is in nobody's way.
const MOST: usize = 20_000;

/// Deepest directory that a start looks into.
const DEPTH: usize = 16;

/// A name that no other process and no other draft of this one has: a random number of the process,
/// and a count.
pub(super) fn name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static PROCESS: LazyLock<[u64; 2]> = LazyLock::new(|| [random(), random()]);
    let [high, low] = *PROCESS;
    let count = COUNT.fetch_add(1, Relaxed);
    format!("{PREFIX}{high:016x}{low:016x}-{count}")
}

/// The keys of a hasher are the random numbers that the standard library has.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

pub(super) fn is_one(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// Removes what a crash has left. What can't be looked at or removed stays: it is in nobody's way.
pub(super) fn remove_all(root: &Dir) {
    let mut left = MOST;
    if let Err(error) = remove_below(root, (&mut left, DEPTH)) {
        tracing::debug!("can't look for unfinished files: {error}");
    }
}

fn remove_below(dir: &Dir, (left, depth): (&mut usize, usize)) -> io::Result<()> {
    for entry in dir.entries()? {
        let entry = entry?;
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        let kind = entry.file_type()?;
        if kind.is_dir() && depth > 0 {
            remove_below(&entry.open_dir()?, (&mut *left, depth - 1))?;
        } else if kind.is_file() && entry.file_name().to_str().is_some_and(is_one) {
            entry.remove_file()?;
        }
    }
    Ok(())
}
