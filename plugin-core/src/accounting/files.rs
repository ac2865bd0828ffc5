//! Open files of an instance, and how many it may have.

use std::sync::atomic::Ordering::Relaxed;

use super::Account;

/// Files that are open until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    account: &'static Account,
    count: usize,
}

impl Account {
    /// Sets how many files may be open, from now on.
    pub(crate) fn limit_files(&self, limit: Option<usize>) {
        self.file_limit.store(limit.unwrap_or(usize::MAX), Relaxed);
    }

    /// Counts files that are about to be opened; when they would be too many, it says how many may
    /// be.
    pub(crate) fn open_file(&'static self, count: usize) -> Result<OpenFiles, usize> {
        let limit = self.file_limit.load(Relaxed);
        let more = |open: usize| open.checked_add(count).filter(|&open| open <= limit);
        let opened = self.open_files.fetch_update(Relaxed, Relaxed, more);
        let account = self;
        opened
            .map(|_| OpenFiles { account, count })
            .map_err(|_| limit)
    }

    /// Files that are open.
    pub(crate) fn open_files(&self) -> usize {
        self.open_files.load(Relaxed)
    }
}

impl Drop for OpenFiles {
    fn drop(&mut self) {
        self.account.open_files.fetch_sub(self.count, Relaxed);
    }
}
