//! The file of the audit log. Its size is limited, and it is created again if it was removed.
//!
//! When `audit.ndjson` is full, it is renamed to `audit.1.ndjson`, that one to `audit.2.ndjson`,
//! and so on; the oldest is removed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::chain::Tail;
use super::config::AuditConfig;
use super::journal::{Room, Sink};
use crate::owned;
use crate::place::Place;
use crate::regular;

/// The file that is being written.
#[derive(Debug)]
pub(super) struct LogFile {
    place: Place,
    limits: AuditConfig,
    file: File,
    size: u64,
}

impl LogFile {
    /// Opens the file at its end. Also returns the end of the file, or of the previous file if this
    /// one is empty.
    pub(super) fn open(path: &Path, limits: AuditConfig) -> io::Result<(Self, Tail)> {
        if let Some(directory) = path.parent() {
            owned::create_dir_all(directory)?;
        }
        let (file, size) = open_append(path)?;
        let mut log = Self {
            place: Place::of(path)?,
            limits,
            file,
            size,
        };
        let tail = log.tail()?;
        Ok((log, tail))
    }

    fn tail(&mut self) -> io::Result<Tail> {
        if let Some(tail) = Tail::of(&mut self.file)? {
            return Ok(tail);
        }
        let before = regular::open_own(&numbered(self.place.path(), 1), File::options().read(true));
        let last = match before {
            Ok(mut file) => Tail::of(&mut file)?.map(|tail| tail.last),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(last.map_or(Tail::EMPTY, |last| Tail {
            last,
            is_broken: false,
        }))
    }

    /// Begins a new file in place of this one.
    fn rotate(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        let last = self.limits.max_files.saturating_sub(1);
        if last == 0 {
            fs::remove_file(self.place.path())?;
        }
        for number in (0..last).rev() {
            let path = self.place.path();
            match fs::rename(numbered(path, number), numbered(path, number + 1)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                renamed => renamed?,
            }
        }
        (self.file, self.size) = open_append(self.place.path())?;
        self.place = Place::of(self.place.path())?;
        Ok(())
    }
}

/// The path of the file that is `number` files older than the current one.
pub(super) fn numbered(path: &Path, number: u32) -> PathBuf {
    match number {
        0 => path.to_owned(),
        _ => path.with_extension(format!("{number}.ndjson")),
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink for LogFile {
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn make_room(&mut self, bytes: usize) -> io::Result<Room> {
        if self.place.check().is_err() {
            let path = self.place.path().to_owned();
            (*self, _) = Self::open(&path, self.limits)?;
            return Ok(Room::Lost);
        }
        if self.size > 0 && self.size + bytes as u64 > self.limits.max_bytes {
            self.rotate()?;
            return Ok(Room::New);
        }
        Ok(Room::Here)
    }
}

fn open_append(path: &Path) -> io::Result<(File, u64)> {
    let mut options = owned::options();
    let file = regular::open_own(path, options.append(true).read(true).create(true))?;
    owned::own_file(&file)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

#[cfg(test)]
mod tests {
    use super::super::{Audit, Entry, FILE_NAME, Outcome};
    use super::*;

    fn entry(number: usize) -> Entry {
        let detail = format!("{number} {}", "x".repeat(400));
        Entry::new("manager", "start", Outcome::Done).detail(detail)
    }

    fn files(directory: &Path) -> Vec<(String, u64)> {
        let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
        let mut files: Vec<_> = entries
            .map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, entry.metadata().unwrap().len())
            })
            .collect();
        files.sort();
        files
    }

    #[tokio::test]
    async fn report_a13_the_files_are_bounded_and_the_newest_entries_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let limits = AuditConfig {
            max_bytes: 4096,
            max_files: 3,
        };
        let audit = Audit::open_within(dir.path(), limits).unwrap();
        for number in 0..200 {
            audit.record(entry(number));
            audit.flush().await;
        }
        audit.close().await;
        assert_eq!(audit.lost(), 0);
        let files = files(dir.path());
        let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["audit.1.ndjson", "audit.2.ndjson", "audit.ndjson"]);
        assert!(files.iter().all(|(_, size)| *size <= 4096), "{files:?}");
        let text = fs::read_to_string(dir.path().join(FILE_NAME)).unwrap();
        assert!(text.lines().last().unwrap().contains(r#""detail":"199 "#));
    }

    #[tokio::test]
    async fn report_b9_a_file_that_was_removed_is_made_anew_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let audit = Audit::open(&data).unwrap();
        audit.record(entry(1));
        audit.flush().await;
        fs::remove_dir_all(&data).unwrap();
        audit.record(entry(2));
        audit.close().await;
        let text = fs::read_to_string(data.join(FILE_NAME)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("the file was removed"), "{text}");
        assert!(lines[1].contains(r#""detail":"2 "#), "{text}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_new_file_is_its_owner_s() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        Audit::open(dir.path()).unwrap().close().await;
        let mode = fs::metadata(dir.path().join(FILE_NAME))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
}
