//! Whether what plugins keep things in is there: the directory of each, and a disk with room.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::owned;
use crate::place::Place;

/// How long a disk may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is written to see whether there is room.
const BLOCK: [u8; 4096] = [0; 4096];

/// Where it is noted, below `data_dir`, which plugins have kept things there.
const KNOWN: &str = ".known";

/// Says so when nothing is kept from an earlier start.
pub(crate) fn greet(data_dir: &Path) {
    if !data_dir.join(KNOWN).exists() {
        let path = data_dir.display();
        tracing::info!("`{path}` holds nothing of an earlier start: plugins begin without it");
    }
}

/// Makes the directory of a plugin, and says so if one that was there is gone.
pub(crate) fn make_home(data_dir: &Path, plugin: &str) -> io::Result<()> {
    let (home, mark) = (data_dir.join(plugin), data_dir.join(KNOWN).join(plugin));
    let is_new = !home.exists();
    // The directory above is the operator's, who may have chosen its rights.
    owned::create_dir_all(data_dir)?;
    owned::own_dir(&home)?;
    if !mark.exists() {
        owned::own_dir(&data_dir.join(KNOWN))?;
        drop(
            owned::options()
                .write(true)
                .create(true)
                .truncate(true)
                .open(mark)?,
        );
    } else if is_new {
        tracing::error!(
            plugin,
            "its directory below `{}` was there at an earlier start and is gone: what it kept is \
             lost, unless you stop the service and put the directory back",
            data_dir.display()
        );
    }
    Ok(())
}

/// A look at the means of all plugins: the disk is tried once.
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

    /// Whether a plugin can keep things.
    ///
    /// # Errors
    ///
    /// Why it can't.
    pub(crate) async fn check(&self, home: Place) -> Result<(), String> {
        let gone = move || home.check().map_err(|error| error.to_string());
        answer(gone).await?;
        let data_dir = self.data_dir.clone();
        let disk = self.disk.get_or_init(|| {
            answer(move || {
                probe(&data_dir)
                    .map_err(|error| format!("`{}` can't be written: {error}", data_dir.display()))
            })
        });
        disk.await.clone()
    }
}

/// Asks a disk, which may block.
async fn answer(ask: impl FnOnce() -> Result<(), String> + Send + 'static) -> Result<(), String> {
    let asked = tokio::task::spawn_blocking(ask);
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("the disk has not answered for {PATIENCE:?}")),
    }
}

/// Writes a block and removes it.
fn probe(data_dir: &Path) -> io::Result<()> {
    let path = data_dir.join(".probe");
    let written = File::create(&path).and_then(|mut file| file.write_all(&BLOCK));
    let removed = fs::remove_file(&path);
    written.and(removed)
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
