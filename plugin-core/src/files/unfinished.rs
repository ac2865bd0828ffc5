//! Files that are being written. They are created beside the files that they replace, with unique
//! names. A crash may leave some; the next start removes them.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cap_std::fs::Dir;

/// The beginning of their names.
const PREFIX: &str = ".unfinished-";

/// Most entries that a start checks. Unfinished files beyond them do no harm.
const MOST: usize = 20_000;

/// Depth of directories that a start checks.
const DEPTH: usize = 16;

/// A unique name: a random number of the process, and a counter.
pub(super) fn name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static PROCESS: LazyLock<[u64; 2]> = LazyLock::new(|| [random(), random()]);
    let [high, low] = *PROCESS;
    let count = COUNT.fetch_add(1, Relaxed);
    format!("{PREFIX}{high:016x}{low:016x}-{count}")
}

/// A random number from the standard library, which uses them as the keys of a hasher.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

pub(super) fn is_one(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// Removes the files that a crash has left. Files that can't be examined or removed stay; they do
/// no harm.
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
