//! Reloads, one after the other, while events and requests go on to plugins that they do not touch.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use plugin_core::lifecycle::{OperationError, OperationOutcome, Running, State};
use plugin_core::prelude::*;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::books::{Books, Load};
use super::load;
use super::requests;
use super::samples::{Sample, Samples};
use super::say;
use super::set::FAULTY;
use super::verdict::Findings;

/// The plugins that are changed.
const TOUCHED: [&str; 3] = ["hello-plugin", "cache-plugin", FAULTY[0]];

/// Samples of what the process holds, in all.
const SAMPLES: u32 = 50;

/// The files that config is read from.
pub(super) struct Files(PathBuf);

impl Files {
    /// Those that the app ships, in a directory of their own.
    pub(super) fn copied(to: &Path) -> Self {
        let shipped = format!("{}/../../config/plugins", env!("CARGO_MANIFEST_DIR"));
        fs::create_dir(to).expect("there is room for a directory");
        for file in fs::read_dir(shipped).expect("the repository has them") {
            let file = file.expect("it can be listed");
            fs::copy(file.path(), to.join(file.file_name())).expect("it can be copied");
        }
        Self(to.to_owned())
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    fn write(&self, plugin: &str, section: &str) {
        let text = format!("{plugin}: {section}\n");
        let path = self.0.join(format!("{plugin}.yaml"));
        fs::write(path, text).expect("it can be written");
    }
}

/// Reloads so often, under a steady load.
pub(super) async fn disturb(
    running: &Arc<Running>,
    books: &Service<dyn Books>,
    (files, data): (&Files, &Path),
    (count, seed): (u32, u64),
) -> Samples {
    let over = CancellationToken::new();
    let mut tasks = JoinSet::new();
    for lane in 0..load::LANES {
        tasks.spawn(load::pulses(books.clone(), lane, (seed, over.clone())));
    }
    let address = requests::address(data);
    for kind in [requests::Kind::Kept, requests::Kind::Fresh] {
        tasks.spawn(requests::ask(
            address.clone(),
            kind,
            (books.load(), over.clone()),
        ));
    }
    let mut samples = Vec::new();
    for number in 0..count {
        reload(running, files, number, &books.load()).await;
        if number % (count / SAMPLES).max(1) == 0 {
            samples.push(Sample::now(running));
        }
    }
    over.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.expect("the tasks of the soak do not panic");
    }
    say(&format!("{count} reloads"));
    Samples(samples)
}

/// One that changes one plugin: with a restart, in place, with a restart under load; one that is
/// refused; one that changes nothing.
async fn reload(running: &Running, files: &Files, number: u32, load: &Load) {
    let good = format!("{{ config: {{ message: \"number {number}\" }} }}");
    let touched = match number % 5 {
        0 => {
            files.write("hello-plugin", &good);
            Some("hello-plugin")
        }
        1 => {
            let section = format!("{{ config: {{ max_entries: {} }} }}", 1_000 + number);
            files.write("cache-plugin", &section);
            Some("cache-plugin")
        }
        2 => {
            let section = format!("{{ resources: {{ tasks: {} }} }}", 1_000 + number);
            files.write(FAULTY[0], &section);
            Some(FAULTY[0])
        }
        3 => {
            files.write("hello-plugin", "{ config: { mesage: 1 } }");
            let outcome = running.handle().reload().await;
            if !matches!(outcome, Err(OperationError::Config(_))) {
                load.surprise(format!("reload {number} was not refused: {outcome:?}"));
            }
            // As it is applied.
            let applied = format!("{{ config: {{ message: \"number {}\" }} }}", number - 3);
            files.write("hello-plugin", &applied);
            return;
        }
        _ => None,
    };
    let outcome = running.handle().reload().await;
    load.operations.fetch_add(1, Relaxed);
    if !is_of(&outcome, touched) {
        load.surprise(format!(
            "reload {number} is not of {touched:?}: {outcome:?}"
        ));
    }
}

fn is_of(outcome: &Result<OperationOutcome, OperationError>, touched: Option<&str>) -> bool {
    let Ok(outcome) = outcome else {
        return false;
    };
    let changed = outcome.changes.iter().map(|change| change.plugin);
    changed.eq(touched)
}

/// Nothing was done to those that no file was changed of.
pub(super) fn untouched(running: &Running, findings: &mut Findings) {
    for plugin in running.status().plugins {
        let is_same = plugin.restarts == 0 && plugin.state == State::Running;
        if !is_same && !TOUCHED.contains(&plugin.name) && !FAULTY.contains(&plugin.name) {
            let (name, restarts) = (plugin.name, plugin.restarts);
            findings.add(format!(
                "`{name}` is {}, after {restarts} restarts",
                plugin.state
            ));
        }
    }
}
