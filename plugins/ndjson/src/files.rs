//! Files that follow each other: `spans.ndjson` is the current one, `spans.1.ndjson` the one
//! before it.

use std::io;
use std::path::{Path, PathBuf};

use plugin_core::place::Place;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt;

use crate::config::FileConfig;

/// The current file, and how full it is.
#[derive(Debug)]
pub(crate) struct Files {
    path: PathBuf,
    limits: FileConfig,
    current: Option<(File, u64)>,
    /// Where the current one is.
    place: Option<Place>,
}

impl Files {
    pub(crate) fn new(path: &Path, limits: FileConfig) -> Self {
        Self {
            path: path.to_owned(),
            limits,
            current: None,
            place: None,
        }
    }

    /// Appends whole lines.
    pub(crate) async fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let (mut file, mut size) = match self.current.take() {
            // What is written to a file that was removed is lost.
            Some((file, size)) if self.is_there() => (file, size),
            _ => self.open().await?,
        };
        let more = lines.len() as u64;
        if size > 0 && size + more > self.limits.max_bytes {
            drop(file);
            self.rotate().await?;
            (file, size) = self.open().await?;
        }
        file.write_all(lines).await?;
        file.flush().await?;
        // After an error the file is opened anew, which looks how much of it was written.
        self.current = Some((file, size + more));
        Ok(())
    }

    fn is_there(&self) -> bool {
        (self.place.as_ref()).is_some_and(|place| place.check().is_ok())
    }

    async fn open(&mut self) -> io::Result<(File, u64)> {
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(&self.path).await?;
        let size = file.metadata().await?.len();
        self.place = Place::of(&self.path).ok();
        Ok((file, size))
    }

    /// Makes room: each file becomes the one before it.
    async fn rotate(&self) -> io::Result<()> {
        let last = self.limits.max_files - 1;
        if last == 0 {
            return fs::remove_file(&self.path).await;
        }
        for number in (0..last).rev() {
            let (from, to) = (self.numbered(number), self.numbered(number + 1));
            match fs::rename(&from, &to).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                renamed => renamed?,
            }
        }
        Ok(())
    }

    fn numbered(&self, number: u32) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let extension = self.path.extension().unwrap_or_default().to_string_lossy();
        self.path.with_extension(format!("{number}.{extension}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_full_file_makes_room_and_the_oldest_goes() {
        let directory = tempfile::tempdir().unwrap();
        let limits = FileConfig {
            max_bytes: 10,
            max_files: 3,
            ..FileConfig::default()
        };
        let path = directory.path().join("a.ndjson");
        let mut files = Files::new(&path, limits);
        for line in ["11111\n", "2\n", "33333\n", "44444\n", "55555\n"] {
            files.append(line.as_bytes()).await.unwrap();
        }
        let expected = ["a.1.ndjson", "a.2.ndjson", "a.ndjson"];
        assert_eq!(names(directory.path()), expected);
        let text = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!(expected.map(text), ["44444\n", "33333\n", "55555\n"]);
    }

    #[tokio::test]
    async fn report_b9_a_file_that_was_removed_is_made_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.ndjson");
        let mut files = Files::new(&path, FileConfig::default());
        files.append(b"1\n").await.unwrap();
        std::fs::remove_file(&path).unwrap();
        files.append(b"2\n").await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "2\n");
    }

    #[tokio::test]
    async fn what_is_there_is_kept_and_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.ndjson");
        std::fs::write(&path, "12345678\n").unwrap();
        let limits = FileConfig {
            max_bytes: 10,
            max_files: 1,
            ..FileConfig::default()
        };
        let mut files = Files::new(&path, limits);
        files.append(b"new\n").await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n");
    }
}
