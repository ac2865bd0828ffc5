//! Files that follow each other by time and by size. Only this module rotates and deletes them.
//!
//! Without a period, `app.log` is written; with one, `app.2026-11-30.log` contains the lines of
//! that day (UTC). A file that would exceed its size limit is renamed to `app.1.log`, and an
//! existing `app.1.log` to `app.2.log`.
//!
//! Invariants: only files with exactly such names are counted and deleted, and never the file that
//! is being written. The file follows the clock in both directions: if the clock is set back, lines
//! go to the file of the period that it shows.

mod name;
mod period;

use std::cmp::Reverse;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use plugin_core::{owned, regular};

pub use period::RollingPeriod;

use name::Name;

/// Interval of the check whether the file is still at the path where it was opened.
const LOOK: Duration = Duration::from_secs(1);

/// When a new file is begun, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The period of one file.
    pub period: RollingPeriod,
    /// Size in bytes at which a new file is begun.
    pub max_bytes: u64,
    /// Number of files that are kept, including the one that is being written; 0 keeps all files.
    pub max_files: usize,
}

/// Files of lines, which only their owner can access.
#[derive(Debug)]
pub struct Rolling {
    directory: PathBuf,
    /// Beginning and extension of all names.
    stem: String,
    extension: String,
    limits: Limits,
    current: Option<Current>,
}

/// The file that is being written.
#[derive(Debug)]
struct Current {
    file: File,
    size: u64,
    /// The period to which it belongs.
    period: u64,
    path: PathBuf,
    looked: Instant,
}

impl Rolling {
    /// Files at `path`, which is the name of the file without a period. Nothing is opened before
    /// the first line.
    #[must_use]
    pub fn new(path: &Path, limits: Limits) -> Self {
        let part = |part: Option<&std::ffi::OsStr>| {
            part.unwrap_or_default().to_string_lossy().into_owned()
        };
        Self {
            directory: path.parent().unwrap_or(Path::new("")).to_owned(),
            stem: part(path.file_stem()),
            extension: part(path.extension()),
            limits,
            current: None,
        }
    }

    /// Opens the present file, so that a problem is noticed early.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory or the file can't be created.
    pub fn open(&mut self, now: SystemTime) -> io::Result<()> {
        self.current(now).map(drop)
    }

    /// Appends whole lines, to several files if their size requires it. A single line goes into one
    /// file, however long it is.
    ///
    /// # Errors
    ///
    /// Returns an error if they can't be written; some of them may have been written then. The next
    /// call tries again.
    pub fn append(&mut self, now: SystemTime, lines: &[u8]) -> io::Result<()> {
        let mut rest = lines;
        while !rest.is_empty() {
            let mut current = self.current(now)?;
            let room = self.limits.max_bytes.saturating_sub(current.size);
            let fitting = fitting(rest, room);
            let (part, after) = match fitting {
                0 if current.size > 0 => {
                    self.make_room(current)?;
                    continue;
                }
                0 => rest.split_at(line_end(rest)),
                fitting => rest.split_at(fitting),
            };
            current.file.write_all(part)?;
            current.size += part.len() as u64;
            // After an error, the file is opened again, which shows how much of it was written.
            self.current = Some(current);
            rest = after;
        }
        Ok(())
    }

    /// Takes the file for writing, and opens it if it is not the present one.
    fn current(&mut self, now: SystemTime) -> io::Result<Current> {
        let period = self.limits.period.of(now);
        if let Some(mut current) = self.current.take()
            && current.period == period
            && current.is_there()
        {
            return Ok(current);
        }
        self.open_at(period)
    }

    fn open_at(&self, period: u64) -> io::Result<Current> {
        owned::own_dir(&self.directory)?;
        let path = self.path(period, 0);
        let mut options = owned::options();
        let mut file = regular::open(&path, options.append(true).read(true).create(true))?;
        owned::own_file(&file)?;
        let mut size = file.metadata()?.len();
        if size > 0 && !ends_a_line(&mut file)? {
            file.write_all(b"\n")?;
            size += 1;
        }
        self.retain(&path);
        Ok(Current {
            file,
            size,
            period,
            path,
            looked: Instant::now(),
        })
    }

    /// Renames a full file of a period, to make room for the next one.
    fn make_room(&self, full: Current) -> io::Result<()> {
        let period = full.period;
        drop(full);
        let free = (1..).find(|number| !self.path(period, *number).exists());
        for number in (0..free.unwrap_or(1)).rev() {
            fs::rename(self.path(period, number), self.path(period, number + 1))?;
        }
        Ok(())
    }

    fn path(&self, period: u64, number: u32) -> PathBuf {
        let name = Name {
            date: self.limits.period.date(period),
            number,
        };
        self.directory.join(name.write(&self.stem, &self.extension))
    }

    /// Deletes the oldest files, but not the one that is being written.
    fn retain(&self, live: &Path) {
        if self.limits.max_files == 0 {
            return;
        }
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        let mut others: Vec<_> = entries
            .filter_map(|entry| {
                let entry = entry.ok().filter(|entry| entry.path() != live)?;
                let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
                let name = entry.file_name().into_string().ok().filter(|_| is_file)?;
                Some((
                    Name::read(&name, &self.stem, &self.extension)?,
                    entry.path(),
                ))
            })
            .collect();
        // Newest first. After a change of the kind of period, files of the other kind count as
        // older.
        let dated = self.limits.period != RollingPeriod::Never;
        others.sort_by_key(|(name, _)| {
            let kind = name.date.is_some() == dated;
            Reverse((kind, name.date.clone(), Reverse(name.number)))
        });
        for (_, path) in others.iter().skip(self.limits.max_files - 1) {
            // If a file can't be deleted now, this is tried again with the next file.
            drop(fs::remove_file(path));
        }
    }
}

impl Current {
    /// Whether the path still leads to this file, which may have been moved or deleted.
    fn is_there(&mut self) -> bool {
        if self.looked.elapsed() < LOOK {
            return true;
        }
        self.looked = Instant::now();
        match (self.file.metadata(), fs::metadata(&self.path)) {
            (Ok(open), Ok(there)) => is_same(&open, &there),
            _ => false,
        }
    }
}

#[cfg(unix)]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

/// Whether the file ends with a complete line. A crash or a full disk may have cut the last one
/// off.
fn ends_a_line(file: &mut File) -> io::Result<bool> {
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Number of bytes of whole lines that fit into the room.
fn fitting(lines: &[u8], room: u64) -> usize {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if lines.len() <= room {
        return lines.len();
    }
    let last = lines[..room].iter().rposition(|byte| *byte == b'\n');
    last.map_or(0, |at| at + 1)
}

fn line_end(lines: &[u8]) -> usize {
    let end = lines.iter().position(|byte| *byte == b'\n');
    end.map_or(lines.len(), |at| at + 1)
}

#[cfg(test)]
mod tests;
