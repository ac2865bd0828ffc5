//! The demo: `run --events` with the day of the shop that comes with the source code.
//!
//! Who tries it out has not asked for files, so its data is in a temporary directory, unless
//! somebody names another one. It stays when there is something left to look at.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::exit::Exit;
use crate::output::note;

/// The day, as it was when the binary was built.
const DAY: &[u8] = include_bytes!("../../demo/day.ndjson");

/// A run of the demo.
#[derive(Debug)]
pub(crate) struct Demo {
    directory: TempDir,
}

impl Demo {
    /// The demo, if a file is the day of the shop, and nothing but that. Without a temporary
    /// directory, it is a run like any other.
    pub(crate) fn of(events: &Path) -> Option<Self> {
        let metadata = fs::metadata(events).ok()?;
        // Other files are not read, and a pipe is not read twice.
        if !metadata.is_file()
            || metadata.len() != DAY.len() as u64
            || fs::read(events).ok()? != DAY
        {
            return None;
        }
        let directory = tempfile::Builder::new().prefix("demo-").tempdir().ok()?;
        Some(Self { directory })
    }

    /// Where its data is.
    pub(crate) fn data_dir(&self) -> &Path {
        self.directory.path()
    }

    /// Deletes the data, if all went well and nothing is left in it, and tells what became of it.
    pub(crate) fn end(self, exit: Exit, dead_letters: u64) {
        if exit == Exit::Ok && dead_letters == 0 {
            note("the demo's data was temporary; `--data-dir DIR` keeps it");
            return;
        }
        let path = self.directory.keep();
        note(format_args!(
            "the demo's data is left in `{0}`: see `dead-letters list --data-dir {0}`",
            path.display()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, Demo};

    #[test]
    fn report_d_only_the_day_itself_is_the_demo() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events");
        std::fs::write(&path, DAY).unwrap();
        let demo = Demo::of(&path).unwrap();
        let data = demo.data_dir().to_owned();
        assert!(data.is_dir() && !data.starts_with(directory.path()));
        demo.end(crate::exit::Exit::Ok, 0);
        assert!(!data.exists());

        std::fs::write(&path, [DAY, b"\n"].concat()).unwrap();
        assert!(Demo::of(&path).is_none());
        assert!(Demo::of("-".as_ref()).is_none());
    }
}
