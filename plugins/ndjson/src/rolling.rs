//! Files that follow each other, by time and by size: the one place that rotates and deletes.
//!
//! `app.log` is written without a period; with one, `app.2026-11-30.log` holds the lines of that
//! day (UTC). A file that would grow beyond its limit makes room: it becomes `app.1.log`, and the
//! one that was that before `app.2.log`.
//!
//! Invariants: only files with exactly such a name are counted and deleted, and never the one that
//! is being written. The file follows the clock in both directions: when it is set back, lines go
//! to the file of the period that it says.

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

/// How often it is looked whether the file is still where it was opened.
const LOOK: Duration = Duration::from_secs(1);

/// When a new file is begun, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A file for each.
    pub period: RollingPeriod,
    /// Size at which a new file is begun, in bytes.
    pub max_bytes: u64,
    /// Files that are kept, the one that is written included; 0 keeps all.
    pub max_files: usize,
}

/// Files of lines, which are their owner's alone.
#[derive(Debug)]
pub struct Rolling {
    directory: PathBuf,
    /// Start and extension of all names.
    stem: String,
    extension: String,
    limits: Limits,
    current: Option<Current>,
}

/// The file that is written.
#[derive(Debug)]
struct Current {
    file: File,
    size: u64,
    /// Which period it is of.
    period: u64,
    path: PathBuf,
    looked: Instant,
}

impl Rolling {
    /// Files beside `path`, which is the name of a file without a period. Nothing is opened before
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

    /// Opens the file of now, so that what keeps it from being written is found early.
    ///
    /// # Errors
    ///
    /// When the directory or the file can't be made.
    pub fn open(&mut self, now: SystemTime) -> io::Result<()> {
        self.current(now).map(drop)
    }

    /// Appends whole lines, to as many files as their size asks for. A single line goes into one
    /// file, however long it is.
    ///
    /// # Errors
    ///
    /// When they can't be written; some of them may have been. The next call tries anew.
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
            // After an error the file is opened anew, which looks how much of it was written.
            self.current = Some(current);
            rest = after;
        }
        Ok(())
    }

    /// Takes the file to write to, and opens it if it is not the one of now.
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

    /// The full file of a period becomes the one before the next.
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

    /// Deletes the oldest files, but not the one that is written.
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
        // The newest first. After a change of the period's kind, what has another kind is older.
        let dated = self.limits.period != RollingPeriod::Never;
        others.sort_by_key(|(name, _)| {
            let kind = name.date.is_some() == dated;
            Reverse((kind, name.date.clone(), Reverse(name.number)))
        });
        for (_, path) in others.iter().skip(self.limits.max_files - 1) {
            // One that can't be deleted now is tried again with the next file.
            drop(fs::remove_file(path));
        }
    }
}

impl Current {
    /// Whether the path still leads to this file: somebody may have moved or deleted it.
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

/// A crash or a full disk may have cut the last line off.
fn ends_a_line(file: &mut File) -> io::Result<bool> {
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// How many bytes of whole lines fit into so much room.
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
