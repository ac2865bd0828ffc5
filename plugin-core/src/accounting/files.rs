//! The open files of an instance, and their limit.

use std::sync::atomic::Ordering::Relaxed;

use super::Account;

/// Counts files as open until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    account: &'static Account,
    count: usize,
}

impl Account {
    /// Sets how many files may be open from now on.
    pub(crate) fn limit_files(&self, limit: Option<usize>) {
        self.file_limit.store(limit.unwrap_or(usize::MAX), Relaxed);
    }

    /// Counts files that are about to be opened. If there would be too many, returns the limit as
    /// the error.
    pub(crate) fn open_file(&'static self, count: usize) -> Result<OpenFiles, usize> {
        let limit = self.file_limit.load(Relaxed);
        let more = |open: usize| open.checked_add(count).filter(|&open| open <= limit);
        let opened = self.open_files.fetch_update(Relaxed, Relaxed, more);
        let account = self;
        opened
            .map(|_| OpenFiles { account, count })
            .map_err(|_| limit)
    }

    /// Number of open files.
    pub(crate) fn open_files(&self) -> usize {
        self.open_files.load(Relaxed)
    }
}

impl Drop for OpenFiles {
    fn drop(&mut self) {
        self.account.open_files.fetch_sub(self.count, Relaxed);
    }
}
