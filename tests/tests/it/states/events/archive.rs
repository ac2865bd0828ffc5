//! What outlives one run of the system: the history, and what is stored for durable handlers. The
//! plugin that keeps it is told by its config which one is meant.

mod store;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use plugin_core::event::EventStore;
use plugin_core::prelude::*;
use tokio::sync::Notify;

use super::history::{Entry, Ledger, Tag};
use super::subjects::Sender;
pub(super) use store::Shelf;

/// What one case writes down, and stores.
#[derive(Debug, Default)]
pub(super) struct Files {
    entries: Mutex<Vec<Entry>>,
    numbers: AtomicU64,
    attempts: Mutex<HashMap<(usize, Tag), u32>>,
    gate: Arc<Notify>,
    senders: Mutex<Vec<(usize, Sender)>>,
    pub(super) shelf: Shelf,
}

static CASES: LazyLock<Mutex<HashMap<u64, Arc<Files>>>> = LazyLock::new(Mutex::default);

/// Keeps the files of a case where its plugin finds them.
pub(super) struct Case {
    pub(super) number: u64,
    pub(super) files: Arc<Files>,
}

impl Case {
    pub(super) fn open() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let files = Arc::<Files>::default();
        CASES.lock().unwrap().insert(number, Arc::clone(&files));
        Self { number, files }
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        CASES.lock().unwrap().remove(&self.number);
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct ArchiveConfig {
    case: u64,
}

pub(super) struct Archive(Arc<Files>);

#[plugin(name = "machine-archive", kind = system, provides(EventStore, Ledger))]
impl Archive {
    #[init]
    fn init(Config(config): Config<ArchiveConfig>) -> Self {
        Self(Arc::clone(&CASES.lock().unwrap()[&config.case]))
    }
}

#[service]
impl Ledger for Archive {
    fn write(&self, entry: Entry) {
        self.0.entries.lock().unwrap().push(entry);
    }

    fn next(&self) -> u64 {
        self.0.numbers.fetch_add(1, Ordering::Relaxed)
    }

    fn attempt(&self, handler: usize, tag: Tag) -> u32 {
        let mut attempts = self.0.attempts.lock().unwrap();
        let attempt = attempts.entry((handler, tag)).or_default();
        *attempt += 1;
        *attempt
    }

    fn gate(&self) -> Arc<Notify> {
        Arc::clone(&self.0.gate)
    }

    fn enroll(&self, plugin: usize, sender: Sender) {
        let mut senders = self.0.senders.lock().unwrap();
        senders.retain(|(other, _)| *other != plugin);
        senders.push((plugin, sender));
    }

    fn sender(&self, plugin: usize) -> Sender {
        let senders = self.0.senders.lock().unwrap();
        let found = senders.iter().find(|(other, _)| *other == plugin);
        found.expect("each plugin enrolls in `init`").1.clone()
    }

    fn history(&self) -> Vec<Entry> {
        self.0.entries.lock().unwrap().clone()
    }
}
