//! The plugin: checks the size limit, and passes calls to a rooted directory.

use plugin_contracts::FileStore;
use plugin_core::files::FileError;
use plugin_core::prelude::*;

use crate::config::FileConfig;

/// Writes and reads files below a root.
#[derive(Debug)]
pub struct FilePlugin {
    max_bytes: u64,
    files: Files,
}

/// Keeps files below a root.
#[plugin(name = "file-plugin", provides(FileStore))]
impl FilePlugin {
    #[init]
    fn init(Config(config): Config<FileConfig>, files: Files) -> Result<Self> {
        Ok(Self {
            max_bytes: config.max_bytes,
            files,
        })
    }
}

#[service]
impl FileStore for FilePlugin {
    async fn write(&self, path: &str, data: &[u8]) -> Result<()> {
        // A size that can't be represented is larger than any limit.
        let size = u64::try_from(data.len()).unwrap_or(u64::MAX);
        if size > self.max_bytes {
            return Err(FileError::TooLarge {
                path: path.into(),
                limit: self.max_bytes,
            }
            .into());
        }
        Ok(self.files.write(path, data).await?)
    }

    async fn read(&self, path: &str) -> Result<Vec<u8>> {
        Ok(self.files.read_at_most(path, self.max_bytes).await?)
    }
}
