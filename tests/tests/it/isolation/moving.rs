//! A plugin that is moved out and back in while events flow.

use std::collections::BTreeSet;
use std::path::Path;

use tokio::task::JoinSet;

use super::{WORKER, lines, work};
use crate::rig::{Started, status};
use plugin_core::config::Isolation;

/// Publishes an event, and waits until it is handled.
async fn handled(running: &Started, number: u32) {
    let work = work(number, "fine");
    let outcomes = running.publisher().publish_and_wait(work).await.unwrap();
    assert_eq!(outcomes.len(), 1, "{number}");
    assert!(outcomes[0].result.is_ok(), "{number}: {outcomes:?}");
}

/// The worker, whose place a file says.
struct Movable {
    folder: tempfile::TempDir,
    running: Started,
}

impl Movable {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manager.yml");
        place(folder.path(), "in_process");
        let sources = plugin_core::config::Sources::new()
            .processes(super::child::command())
            .manager_file(&path);
        let rig = crate::rig::Rig::from_sources(&super::SET, sources);
        let running = rig.start().await;
        Self { folder, running }
    }

    /// Begins to move it.
    fn move_to(&self, isolation: &str) -> JoinSet<()> {
        place(self.folder.path(), isolation);
        let handle = self.running.handle();
        let mut reload = JoinSet::new();
        reload.spawn(async move { drop(handle.reload().await.unwrap()) });
        reload
    }

    /// What was handled up to a number: each once, in both places.
    async fn check(&self, number: u32) {
        self.running.idle().await;
        let lines = lines(&self.running);
        let numbers: BTreeSet<u32> = lines
            .iter()
            .map(|line| line.split(' ').next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(lines.len(), numbers.len(), "none is handled twice");
        let lost: Vec<_> = (1..=number).filter(|one| !numbers.contains(one)).collect();
        assert_eq!(lost, Vec::<u32>::new());
        for place in ["a process of its own", "the process of the manager"] {
            assert!(lines.iter().any(|line| line.ends_with(place)), "{place}");
        }
    }
}

fn place(plugins: &Path, isolation: &str) {
    let manager = format!("plugin_manager: {{ config_dir: {plugins:?} }}");
    let text = format!("{manager}\n{WORKER}: {{ isolation: {isolation} }}\n");
    std::fs::write(plugins.join("manager.yml"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn report_i15_a_reload_moves_it_and_no_event_is_lost() {
    let movable = Movable::start().await;
    let running = &movable.running;
    let mut number = 0;
    for isolation in ["process", "in_process", "process"] {
        let mut reload = movable.move_to(isolation);
        while reload.try_join_next().is_none() {
            number += 1;
            handled(running, number).await;
        }
        let is_moved = status(running, WORKER).isolation == Isolation::Process;
        assert_eq!(is_moved, isolation == "process");
        number += 1;
        handled(running, number).await;
    }
    movable.check(number).await;
    assert_eq!(running.dead_letters().in_memory(), 0);
    assert!(movable.running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn report_i15_no_event_is_lost_or_handled_twice_by_a_move_with_full_mailboxes() {
    let movable = Movable::start().await;
    let publisher = movable.running.publisher();
    let mut number = 0;
    for isolation in ["process", "in_process"] {
        let mut reload = movable.move_to(isolation);
        while reload.try_join_next().is_none() {
            number += 1;
            publisher.publish(work(number, "fine")).await.unwrap();
        }
    }
    movable.check(number).await;
    assert!(movable.running.stop().await.is_clean());
}
