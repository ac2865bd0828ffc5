//! The runs of the system: each starts with what the one before it has stored.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::event::{DeadLetterQuery, DeadLetters};
use plugin_core::lifecycle::StopReport;
use serde_json::json;
use tokio::task::JoinSet;

use super::{Driver, HANGS, Release, Sums};
use crate::rig::{Rig, Started};
use crate::states::events::archive::{Archive, Case};
use crate::states::events::handlers::{DECLARED, PLUGINS, RECEIVERS};
use crate::states::events::history::{Entry, Ledger};
use crate::states::events::operation::Setup;
use crate::states::events::oracle::{Facts, Letter};
use crate::states::events::subjects::SUBJECTS;

/// Letters that are kept: more than all events of all handlers.
const LETTERS: usize = 100_000;

impl Driver {
    pub(super) async fn start(setup: Setup, release: Release) -> Self {
        let case = Case::open();
        let rig = rig(&case, &setup, release);
        let run = rig.start().await;
        let driver = Self {
            case,
            rig,
            manager: run.handle(),
            ledger: run.service::<dyn Ledger>().unwrap(),
            run: Some(run),
            sums: Sums::default(),
            sends: JoinSet::new(),
            lanes: 0,
            handlers: DECLARED.len(),
            subscriptions: Vec::new(),
            release,
            setup,
        };
        driver.booted();
        driver
    }

    pub(super) fn running(&self) -> &Started {
        self.run.as_ref().expect("it is absent while it is stopped")
    }

    fn booted(&self) {
        for plugin in 0..PLUGINS.len() {
            self.answered(plugin, true, 0);
        }
        self.ledger.write(Entry::Booted);
    }

    fn answered(&self, plugin: usize, runs: bool, lost: usize) {
        self.ledger.write(Entry::Answered {
            plugin,
            changed: true,
            runs,
            lost,
        });
    }

    pub(super) async fn reboot(&mut self) {
        self.halt().await;
        let run = self.rig.start().await;
        self.manager = run.handle();
        self.ledger = run.service::<dyn Ledger>().unwrap();
        self.run = Some(run);
        self.booted();
    }

    /// Stops the system, and waits until all that is published has been. What hangs is let go on
    /// only if that is the way.
    async fn halt(&mut self) {
        self.ledger.write(Entry::Halting);
        for plugin in 0..PLUGINS.len() {
            self.ledger.write(Entry::Asked { plugin });
        }
        let run = self.run.take().expect("it runs");
        let letters = run.dead_letters();
        let report = self.waiting(run.stop()).await;
        self.join().await;
        for (plugin, name) in PLUGINS.into_iter().enumerate() {
            let stops = report.plugins.iter().filter(|stop| stop.name == name);
            let lost = stops.map(|stop| stop.dead_lettered + stop.lost).sum();
            self.answered(plugin, false, lost);
        }
        self.ledger.write(Entry::Halted);
        self.subscriptions.clear();
        self.add_up(&report, &letters).await;
    }

    async fn add_up(&mut self, report: &StopReport, letters: &DeadLetters) {
        let status = self.manager.status();
        for (sum, name) in self.sums.counts.iter_mut().zip(PLUGINS) {
            let found = status.plugins.iter().find(|status| status.name == name);
            let counts = found.unwrap().events;
            sum.received += counts.received;
            sum.published += counts.published;
            sum.errors += counts.errors;
            sum.dropped = sum.dropped + counts.dropped;
            sum.retries += counts.retries;
            sum.dead_lettered += counts.dead_lettered;
        }
        self.sums.letters.extend(read(letters).await);
        self.sums.backlog += status.backlog;
        self.sums.unstored += report.unstored;
    }

    /// Ends it; then lets the durable handlers have what is left for them.
    pub(super) async fn finish(mut self) -> Facts {
        self.reboot().await;
        let gate = self.ledger.gate();
        let releasing = async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                gate.notify_waiters();
            }
        };
        tokio::select! {
            idle = tokio::time::timeout(HANGS, self.idle()) => idle.expect("nothing hangs"),
            () = releasing => unreachable!("it never ends"),
        }
        self.halt().await;
        let shelf = &self.case.files.shelf;
        let mut letters = self.sums.letters;
        letters.extend(shelf.dead().iter().map(Letter::read));
        Facts {
            history: self.ledger.history(),
            counts: self.sums.counts,
            letters,
            left: shelf.pending(),
            unstored: self.sums.unstored,
            setup: self.setup,
            in_step: self.release == Release::Told,
            backlog: self.sums.backlog,
        }
    }
}

fn rig(case: &Case, setup: &Setup, release: Release) -> Rig {
    let mut plugins = SUBJECTS.to_vec();
    plugins.push(Archive::DESCRIPTOR);
    let letters = json!({ "capacity": LETTERS });
    let mut rig = Rig::new(&plugins)
        .set("plugin_manager", "dead_letters", letters)
        .config("machine-archive", json!({ "case": case.number }));
    for (plugin, mailbox) in RECEIVERS.into_iter().zip(setup.mailboxes) {
        rig = rig.set(PLUGINS[plugin], "mailbox", mailbox);
    }
    let timeout = match release {
        Release::Told => "5s",
        Release::Always => "60s",
    };
    PLUGINS
        .into_iter()
        .fold(rig, |rig, plugin| rig.set(plugin, "timeout", timeout))
}

/// All letters there are, each once.
async fn read(letters: &DeadLetters) -> Vec<Letter> {
    let all = DeadLetterQuery::new().limit(LETTERS);
    let page = letters.list(all).await.expect("memory does not fail");
    assert_eq!(letters.dropped(), 0, "there is room for all");
    page.letters.iter().map(Letter::read).collect()
}
