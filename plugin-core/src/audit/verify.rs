//! Checks whether the audit log is what was written.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FILE_NAME;
use super::file::numbered;
use crate::digest::Digest;
use crate::regular;

/// The result of checking the chain of an audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verified {
    /// The files of the log, oldest first.
    pub files: Vec<PathBuf>,
    /// Number of lines that contain the digest of the line before them.
    pub entries: usize,
    /// Number of lines before these, from a version that wrote no chain.
    pub unchained: usize,
    /// Whether the first entry is the first that was ever written. Otherwise, older files were
    /// removed, either to limit the size or by somebody.
    pub from_the_beginning: bool,
    /// The places where the chain is broken; empty if everything that is there is what was written.
    pub breaks: Vec<AuditBreak>,
    /// Digest of the last line. If it is kept elsewhere, it can be checked later whether the end
    /// has been cut off since: see [`Verified::has`].
    pub last: Option<Digest>,
    #[serde(skip)]
    digests: HashSet<Digest>,
}

/// A place where the chain of an audit log is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditBreak {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: AuditProblem,
}

/// What is wrong with a line of an audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditProblem {
    /// It does not follow the line before it: that line was changed, or lines between them were
    /// removed.
    DoesNotFollow,
    /// It follows an earlier line than the one before it: the lines between them were inserted, or
    /// come from a second writer.
    FollowsAnEarlierLine,
    /// It does not contain the digest of a line before it, as all entries do.
    NamesNoLine,
    /// It is empty, and no line of the log is: an entry was removed, or the line was inserted.
    Empty,
    /// The last line has no end: a crash, a full disk or somebody cut it off.
    CutOff,
    /// The file has no line: nothing was recorded yet, or somebody emptied it.
    NoLine,
}

impl AuditProblem {
    /// A sentence about the line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DoesNotFollow => {
                "does not follow the line before it: that one was changed, or lines between them \
                 were removed"
            }
            Self::FollowsAnEarlierLine => {
                "follows an earlier line than the one before it: what stands between was put in"
            }
            Self::NamesNoLine => "names no line before it, so it was put in or changed",
            Self::Empty => "is empty, so an entry was removed or the line was put in",
            Self::CutOff => "has no end: a crash, a full disk or somebody cut it off",
            Self::NoLine => "is not there: nothing was recorded yet, or somebody emptied the file",
        }
    }
}

impl fmt::Display for AuditBreak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, problem) = (self.file.display(), self.problem.as_str());
        write!(f, "{file}:{}: {problem}", self.line)
    }
}

impl Verified {
    /// Whether the chain is complete.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.breaks.is_empty()
    }

    /// Whether a line with this digest is in the log. If a line was the last one at an earlier time
    /// and is missing now, then the end was cut off, the whole log was written anew, or the file of
    /// the line was removed to limit the size.
    #[must_use]
    pub fn has(&self, digest: &Digest) -> bool {
        self.digests.contains(digest)
    }
}

/// What an entry says about the line before it.
#[derive(Deserialize)]
struct NamedBefore {
    prev: Option<Digest>,
}

/// A line that is not an entry. If the next entry contains its digest, a crash or a full disk cut
/// it off.
struct Stray {
    file: PathBuf,
    line: usize,
}

/// Checks the chain of the audit log in a data directory, beginning with its oldest file. The
/// service may run meanwhile: a line that is being written is ignored.
///
/// The chain has no key, so it does not detect that somebody wrote the whole log anew. A digest
/// that is kept elsewhere detects this ([`Verified::has`]).
///
/// # Errors
///
/// Returns an error if there is no audit log, or if one of its files can't be read.
pub fn verify(data_dir: &Path) -> io::Result<Verified> {
    let current = data_dir.join(FILE_NAME);
    let mut files = vec![current.clone()];
    files.extend(
        (1..)
            .map(|number| numbered(&current, number))
            .take_while(|path| path.exists()),
    );
    files.reverse();
    let mut walk = ChainWalk::default();
    for file in &files {
        let open = regular::open_own(file, File::options().read(true))?;
        walk.file(file, BufReader::new(open), *file == current)?;
    }
    Ok(walk.end(files))
}

/// The walk along the chain.
#[derive(Default)]
struct ChainWalk {
    entries: usize,
    unchained: usize,
    from_the_beginning: bool,
    breaks: Vec<AuditBreak>,
    /// Digest of the previous line.
    last: Option<Digest>,
    /// Lines since the last entry that are not entries.
    strays: Vec<Stray>,
    digests: HashSet<Digest>,
}

impl ChainWalk {
    fn file(&mut self, path: &Path, mut text: impl BufRead, is_current: bool) -> io::Result<()> {
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            text.read_until(b'\n', &mut bytes)?;
            // The service may be writing the line. Then its rest has arrived meanwhile.
            if bytes.last().is_some_and(|last| *last != b'\n') {
                text.read_until(b'\n', &mut bytes)?;
            }
            let has_end = bytes.pop_if(|last| *last == b'\n').is_some();
            match (has_end, bytes.is_empty()) {
                (false, true) if line == 1 => self.add_break(path, line, AuditProblem::NoLine),
                (false, true) => {}
                (false, false) if is_current => {
                    self.add_break(path, line, AuditProblem::CutOff);
                }
                // The service itself can write an empty line after one that was cut off.
                (true, true) if !self.strays.is_empty() => {}
                (true, true) => self.add_break(path, line, AuditProblem::Empty),
                (_, false) => self.line(path, line, &bytes),
            }
            if !has_end {
                break;
            }
        }
        Ok(())
    }

    fn add_break(&mut self, file: &Path, line: usize, problem: AuditProblem) {
        self.breaks.push(AuditBreak {
            file: file.to_owned(),
            line,
            problem,
        });
    }

    fn line(&mut self, path: &Path, line: usize, bytes: &[u8]) {
        let link = serde_json::from_slice::<NamedBefore>(bytes).ok();
        match link.and_then(|link| link.prev) {
            Some(prev) => self.entry(path, line, prev),
            None if self.entries == 0 => self.unchained += 1,
            None => self.strays.push(Stray {
                file: path.to_owned(),
                line,
            }),
        }
        let digest = Digest::of_bytes(bytes);
        self.digests.insert(digest);
        self.last = Some(digest);
    }

    fn entry(&mut self, path: &Path, line: usize, prev: Digest) {
        let strays = std::mem::take(&mut self.strays);
        let follows = match self.last {
            // The earlier lines were removed, or never existed.
            None => true,
            Some(last) => last == prev,
        };
        if self.entries == 0 {
            self.from_the_beginning = self.unchained > 0 || prev == Digest::ZERO;
        }
        self.entries += 1;
        if follows {
            // A line that was cut off is directly before an entry; other lines were not written by
            // the service.
            let before = strays.len().saturating_sub(1);
            self.breaks
                .extend(strays.into_iter().take(before).map(Stray::put_in));
            return;
        }
        let is_earlier = self.digests.contains(&prev);
        let only_strays_between = is_earlier && !strays.is_empty();
        self.breaks.extend(strays.into_iter().map(Stray::put_in));
        if only_strays_between {
            return;
        }
        let problem = match is_earlier {
            true => AuditProblem::FollowsAnEarlierLine,
            false => AuditProblem::DoesNotFollow,
        };
        self.add_break(path, line, problem);
    }

    fn end(mut self, files: Vec<PathBuf>) -> Verified {
        let strays = std::mem::take(&mut self.strays);
        self.breaks.extend(strays.into_iter().map(Stray::put_in));
        Verified {
            files,
            entries: self.entries,
            unchained: self.unchained,
            from_the_beginning: self.from_the_beginning,
            breaks: self.breaks,
            last: self.last,
            digests: self.digests,
        }
    }
}

impl Stray {
    fn put_in(self) -> AuditBreak {
        AuditBreak {
            file: self.file,
            line: self.line,
            problem: AuditProblem::NamesNoLine,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Audit, AuditConfig, Entry, Outcome};
    use super::*;

    /// A log with this number of entries, and its directory.
    async fn log(entries: usize) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), entries).await;
        dir
    }

    /// Another run of the service, which records this number of entries.
    async fn write(dir: &Path, entries: usize) {
        let limits = AuditConfig {
            max_bytes: 1000,
            ..AuditConfig::default()
        };
        let audit = Audit::open_within(dir, limits).unwrap();
        for number in 0..entries {
            let entry = Entry::new("manager", "start", Outcome::Done);
            audit.record(entry.detail(number.to_string()));
            audit.flush().await;
        }
        audit.close().await;
    }

    fn text(dir: &Path) -> Vec<String> {
        let text = fs::read_to_string(dir.join(FILE_NAME)).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn put(dir: &Path, lines: &[String]) {
        fs::write(dir.join(FILE_NAME), lines.join("\n") + "\n").unwrap();
    }

    fn problems(dir: &Path) -> Vec<(usize, AuditProblem)> {
        let breaks = verify(dir).unwrap().breaks;
        breaks.iter().map(|one| (one.line, one.problem)).collect()
    }

    #[tokio::test]
    async fn what_was_written_is_whole_over_files_and_lives() {
        let dir = log(20).await;
        write(dir.path(), 1).await;
        let verified = verify(dir.path()).unwrap();
        assert!(
            verified.is_whole() && verified.files.len() > 2,
            "{verified:?}"
        );
        assert_eq!((verified.entries, verified.unchained), (21, 0));
        assert!(verified.from_the_beginning);

        fs::remove_file(&verified.files[0]).unwrap();
        let shorter = verify(dir.path()).unwrap();
        assert!(
            shorter.is_whole() && !shorter.from_the_beginning,
            "{shorter:?}"
        );

        fs::remove_file(&verified.files[2]).unwrap();
        let files: Vec<_> = verify(dir.path()).unwrap().files;
        assert!(
            files.len() < verified.files.len() - 1,
            "the numbers have a gap: {files:?}"
        );
    }

    #[tokio::test]
    async fn a_change_of_any_byte_is_found_at_the_line_behind_it() {
        let dir = log(3).await;
        let whole = fs::read(dir.path().join(FILE_NAME)).unwrap();
        let ends: Vec<_> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
        for at in 0..ends[1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(dir.path().join(FILE_NAME), changed).unwrap();
            assert!(!verify(dir.path()).unwrap().is_whole(), "byte {at}");
        }
    }

    #[tokio::test]
    async fn what_is_removed_put_in_or_moved_is_told() {
        let dir = log(4).await;
        let lines = text(dir.path());
        let with = |change: &dyn Fn(&mut Vec<String>)| {
            let mut changed = lines.clone();
            change(&mut changed);
            put(dir.path(), &changed);
            problems(dir.path())
        };
        use AuditProblem::{DoesNotFollow, FollowsAnEarlierLine, NamesNoLine};
        assert_eq!(with(&|_| ()), []);
        let removed = with(&|lines| drop(lines.remove(1)));
        assert_eq!(removed, [(2, DoesNotFollow)]);
        let put_in = with(&|lines| lines.insert(2, r#"{"actor":"me"}"#.to_owned()));
        assert_eq!(put_in, [(3, NamesNoLine)]);
        let prev = Digest::of_bytes(lines[1].as_bytes());
        let linked = with(&|lines| lines.insert(2, format!(r#"{{"actor":"me","prev":"{prev}"}}"#)));
        assert_eq!(linked, [(4, FollowsAnEarlierLine)]);
        let moved = with(&|lines| lines.swap(1, 2));
        assert_eq!(moved.len(), 3, "{moved:?}");
        let behind = with(&|lines| lines.push("more".to_owned()));
        assert_eq!(behind, [(5, NamesNoLine)]);
    }

    #[tokio::test]
    async fn an_end_that_was_cut_off_is_known_to_who_kept_its_digest() {
        let dir = log(3).await;
        let before = verify(dir.path()).unwrap();
        let last = before.last.unwrap();
        assert!(before.has(&last));
        let mut lines = text(dir.path());
        assert_eq!(last, Digest::of_bytes(lines[2].as_bytes()));
        lines.pop();
        put(dir.path(), &lines);
        let after = verify(dir.path()).unwrap();
        assert!(after.is_whole() && !after.has(&last));
    }

    #[tokio::test]
    async fn report_13_an_end_that_is_cut_off_an_empty_line_and_an_emptied_file_are_told() {
        use AuditProblem::{CutOff, Empty, NoLine};
        let dir = log(3).await;
        let path = dir.path().join(FILE_NAME);
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 20]).unwrap();
        assert_eq!(problems(dir.path()), [(3, CutOff)]);
        fs::write(&path, whole.trim_end()).unwrap();
        assert_eq!(problems(dir.path()), [(3, CutOff)]);
        fs::write(&path, whole.replacen('\n', "\n\n", 1)).unwrap();
        assert_eq!(problems(dir.path()), [(2, Empty)]);
        fs::write(&path, whole.clone() + "\n").unwrap();
        assert_eq!(problems(dir.path()), [(4, Empty)]);
        fs::write(&path, "").unwrap();
        assert_eq!(problems(dir.path()), [(1, NoLine)]);
        fs::write(&path, whole).unwrap();
        assert_eq!(problems(dir.path()), []);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn report_13_a_link_in_the_place_of_the_log_is_refused() {
        let (dir, other) = (log(1).await, tempfile::tempdir().unwrap());
        let (path, elsewhere) = (dir.path().join(FILE_NAME), other.path().join("log"));
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        let before = fs::read(&elsewhere).unwrap();
        let error = Audit::open(dir.path()).unwrap_err();
        let why = std::error::Error::source(&error).unwrap().to_string();
        assert!(why.starts_with("a symbolic link is there"), "{why}");
        let why = verify(dir.path()).unwrap_err().to_string();
        assert!(why.starts_with("a symbolic link is there"), "{why}");
        assert_eq!(fs::read(&elsewhere).unwrap(), before);
    }

    #[tokio::test]
    async fn a_line_that_a_crash_cut_off_is_a_link() {
        let dir = log(2).await;
        let path = dir.path().join(FILE_NAME);
        let mut half = fs::read(&path).unwrap();
        half.truncate(half.len() - 20);
        fs::write(&path, half).unwrap();
        write(dir.path(), 2).await;
        let verified = verify(dir.path()).unwrap();
        assert!(verified.is_whole(), "{verified:?}");
        assert_eq!((verified.entries, text(dir.path()).len()), (3, 4));
    }

    #[tokio::test]
    async fn lines_of_before_there_was_a_chain_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let old = ["{\"action\":\"start\"}", "{\"action\":\"stop\"}"].map(str::to_owned);
        put(dir.path(), &old);
        write(dir.path(), 2).await;
        let verified = verify(dir.path()).unwrap();
        assert!(verified.is_whole(), "{verified:?}");
        assert_eq!((verified.entries, verified.unchained), (2, 2));
        let mut lines = text(dir.path());
        lines.remove(1);
        put(dir.path(), &lines);
        assert_eq!(problems(dir.path()), [(2, AuditProblem::DoesNotFollow)]);
    }
}
