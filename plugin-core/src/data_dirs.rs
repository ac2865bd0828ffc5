//! Checks the resources with which plugins store data: that the directory of each plugin exists,
//! and that the disk has room.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::audit::{self, Audit, Entry, Outcome};
use crate::owned;
use crate::place::Place;
use crate::regular;

/// Time limit of a disk for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The data that is written to check whether the disk has room.
const BLOCK: [u8; 4096] = [0; 4096];

/// The directory below `data_dir` that records what was stored: it has a file for each plugin,
/// which contains the names of the files that the plugin keeps, one in each line.
const KNOWN: &str = ".known";

/// What existed before this start.
#[derive(Debug)]
pub(crate) struct Before {
    data_dir: PathBuf,
    is_new: bool,
    gone: Vec<PathBuf>,
}

impl Before {
    /// Checks what exists, before anything is created.
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            is_new: !data_dir.join(KNOWN).exists(),
            gone: forget_missing(&audit_mark(data_dir), data_dir),
        }
    }

    /// Records that the audit log exists from now on, and writes an entry to it if an earlier one
    /// is missing.
    pub(crate) fn keep_audit(&self, audit: &Audit) -> io::Result<()> {
        if !self.gone.is_empty() {
            let entry = Entry::new("audit", "record", Outcome::Failed);
            audit.record(
                entry.detail("the file of an earlier start is gone; a new one begins here"),
            );
        }
        note(&audit_mark(&self.data_dir), Path::new(audit::FILE_NAME))
    }

    /// Logs that nothing is left of an earlier start, or that the audit log is missing.
    pub(crate) fn tell(&self) {
        if self.is_new {
            let path = self.data_dir.display();
            tracing::info!("`{path}` holds nothing of an earlier start: plugins begin without it");
        }
        self.gone.iter().for_each(|gone| tell_gone("audit", gone));
    }
}

fn audit_mark(data_dir: &Path) -> PathBuf {
    data_dir.join(KNOWN).join(audit::FILE_NAME)
}

/// Creates the directory of a plugin, and logs a warning if it existed before and is missing, or if
/// a file in it is missing that the plugin kept.
pub(crate) fn make_home(data_dir: &Path, plugin: &str) -> io::Result<()> {
    let (home, mark) = (data_dir.join(plugin), data_dir.join(KNOWN).join(plugin));
    let is_new = !home.exists();
    // The parent directory belongs to the operator, who may have chosen its permissions.
    owned::create_dir_all(data_dir)?;
    owned::own_dir(&home)?;
    if !mark.exists() {
        return write_mark(&mark, "");
    }
    let gone = forget_missing(&mark, &home);
    if is_new {
        tracing::error!(
            plugin,
            "its directory below `{}` was there at an earlier start and is gone: what it kept is \
             lost, unless you stop the service and put the directory back",
            data_dir.display()
        );
    } else {
        gone.iter().for_each(|gone| tell_gone(plugin, gone));
    }
    Ok(())
}

fn tell_gone(plugin: &str, file: &Path) {
    tracing::error!(
        plugin,
        "`{}` was there at an earlier start and is gone: what it held is lost, unless you stop the \
         service and put the file back",
        file.display()
    );
}

/// Records that a plugin keeps a file, which must exist. If it is missing at a later start, a
/// warning is logged.
pub(crate) fn keep(home: &Path, file: &Path) -> io::Result<()> {
    let (Some(data_dir), Some(plugin)) = (home.parent(), home.file_name()) else {
        return Ok(());
    };
    let file = file.strip_prefix(home).unwrap_or(file);
    note(&data_dir.join(KNOWN).join(plugin), file)
}

fn note(mark: &Path, file: &Path) -> io::Result<()> {
    // The list is text. A name that is not text, or has more than one line, is not recorded.
    let Some(name) = file.to_str().filter(|name| !name.contains('\n')) else {
        return Ok(());
    };
    let known = read_mark(mark);
    if known.lines().any(|line| line == name) {
        return Ok(());
    }
    write_mark(mark, &format!("{known}{name}\n"))
}

/// The files of a list that are missing. They are removed from the list, so that they are reported
/// only once.
fn forget_missing(mark: &Path, home: &Path) -> Vec<PathBuf> {
    let known = read_mark(mark);
    let (there, gone): (Vec<_>, Vec<_>) =
        (known.lines()).partition(|name| !matches!(home.join(name).try_exists(), Ok(false)));
    if !gone.is_empty() {
        let there: String = there.iter().map(|name| format!("{name}\n")).collect();
        // If the list can't be written, the files are reported again.
        drop(write_mark(mark, &there));
    }
    gone.iter().map(|name| home.join(name)).collect()
}

/// Reads a list. A list that can't be read counts as empty.
fn read_mark(mark: &Path) -> String {
    let open = regular::open(mark, OpenOptions::new().read(true));
    open.and_then(io::read_to_string).unwrap_or_default()
}

fn write_mark(mark: &Path, text: &str) -> io::Result<()> {
    try_write_mark(mark, text).map_err(|error| {
        let what = format!("`{}` can't be written: {error}", mark.display());
        io::Error::new(error.kind(), what)
    })
}

fn try_write_mark(mark: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = mark.parent() {
        owned::own_dir(directory)?;
    }
    // If it is a link, the file that it refers to does not belong to the service.
    if mark.is_symlink() {
        fs::remove_file(mark)?;
    }
    let mut options = owned::options();
    let mut file = regular::open(mark, options.write(true).create(true).truncate(true))?;
    file.write_all(text.as_bytes())
}

/// A check of the resources of all plugins, which tests the disk only once.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    data_dir: PathBuf,
    disk: Arc<OnceCell<Result<(), String>>>,
}

impl Look {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            disk: Arc::default(),
        }
    }

    /// Checks whether a plugin can store data.
    ///
    /// # Errors
    ///
    /// Returns the reason if it can't.
    pub(crate) async fn check(&self, home: Place) -> Result<(), String> {
        let gone = move || home.check().map_err(|error| error.to_string());
        answer(gone).await?;
        let disk = self.disk.get_or_init(|| check_room(&self.data_dir));
        disk.await.clone()
    }
}

/// Checks that the disk of a directory has room.
///
/// # Errors
///
/// Returns the reason why it has none.
pub(crate) async fn check_room(directory: &Path) -> Result<(), String> {
    let directory = directory.to_owned();
    let probe = move || {
        probe(&directory)
            .map_err(|error| format!("`{}` can't be written: {error}", directory.display()))
    };
    answer(probe).await
}

/// Calls a function that uses the disk and may block.
async fn answer(ask: impl FnOnce() -> Result<(), String> + Send + 'static) -> Result<(), String> {
    let asked = tokio::task::spawn_blocking(ask);
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("the disk has not answered for {PATIENCE:?}")),
    }
}

/// Writes a block and removes it again.
fn probe(data_dir: &Path) -> io::Result<()> {
    let path = data_dir.join(".probe");
    let mut options = owned::options();
    let open = regular::open(&path, options.write(true).create(true).truncate(true));
    let written = open.and_then(|mut file| file.write_all(&BLOCK));
    match fs::remove_file(&path) {
        // Another check has removed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => written,
        removed => written.and(removed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_b9_a_directory_is_made_once_and_known_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        make_home(dir.path(), "queue-plugin").unwrap();
        assert!(dir.path().join("queue-plugin").is_dir());
        assert!(dir.path().join(KNOWN).join("queue-plugin").exists());
        fs::remove_dir(dir.path().join("queue-plugin")).unwrap();
        make_home(dir.path(), "queue-plugin").unwrap();
        assert!(dir.path().join("queue-plugin").is_dir());
    }

    #[test]
    fn report_b9_a_file_that_was_kept_and_is_gone_is_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let (home, outside) = (dir.path().join("queue-plugin"), dir.path().join("x.db"));
        let mark = dir.path().join(KNOWN).join("queue-plugin");
        make_home(dir.path(), "queue-plugin").unwrap();
        for file in ["queue.db", "token.key"].map(|name| home.join(name)) {
            fs::write(file, "").unwrap();
        }
        fs::write(&outside, "").unwrap();
        for _ in 0..2 {
            keep(&home, Path::new("queue.db")).unwrap();
            keep(&home, &home.join("token.key")).unwrap();
            keep(&home, &outside).unwrap();
        }
        assert_eq!(forget_missing(&mark, &home), Vec::<PathBuf>::new());
        fs::remove_file(home.join("queue.db")).unwrap();
        fs::remove_file(&outside).unwrap();
        let gone = [home.join("queue.db"), outside];
        assert_eq!(forget_missing(&mark, &home), gone);
        assert_eq!(forget_missing(&mark, &home), Vec::<PathBuf>::new());
        assert_eq!(read_mark(&mark), "token.key\n");
    }

    #[tokio::test]
    async fn report_b9_a_directory_that_is_gone_or_another_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("queue-plugin");
        fs::create_dir(&path).unwrap();
        let home = Place::of(&path).unwrap();
        let check = || {
            let (look, home) = (Look::new(dir.path()), home.clone());
            async move { look.check(home).await }
        };
        assert_eq!(check().await, Ok(()));
        let kept = dir.path().join("kept");
        fs::rename(&path, &kept).unwrap();
        assert!(check().await.unwrap_err().contains("was removed"));
        fs::create_dir(&path).unwrap();
        assert!(check().await.unwrap_err().contains("was replaced"));
        fs::remove_dir(&path).unwrap();
        fs::rename(&kept, &path).unwrap();
        assert_eq!(check().await, Ok(()), "it is there again");
        assert!(!dir.path().join(".probe").exists());
    }
}
