//! A plugin that is moved out and back in while events flow.

use std::collections::BTreeSet;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn report_i15_a_reload_moves_it_and_no_event_is_lost() {
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("manager.yml");
    let say = |isolation: &str| {
        let plugins = file.path();
        let manager = format!("plugin_manager: {{ config_dir: {plugins:?} }}");
        let text = format!("{manager}\n{WORKER}: {{ isolation: {isolation} }}\n");
        std::fs::write(&path, text).unwrap();
    };
    say("in_process");
    let sources = plugin_core::config::Sources::new()
        .processes(super::child::command())
        .manager_file(&path);
    let rig = crate::rig::Rig::from_sources(&super::SET, sources);
    let running = rig.start().await;
    let mut number = 0;
    for isolation in ["process", "in_process", "process"] {
        say(isolation);
        let handle = running.handle();
        let mut reload = JoinSet::new();
        reload.spawn(async move { handle.reload().await.unwrap() });
        while reload.try_join_next().is_none() {
            number += 1;
            handled(&running, number).await;
        }
        let is_moved = status(&running, WORKER).isolation == Isolation::Process;
        assert_eq!(is_moved, isolation == "process");
        number += 1;
        handled(&running, number).await;
    }
    running.idle().await;
    let lines = lines(&running);
    let numbers: BTreeSet<u32> = lines
        .iter()
        .map(|line| line.split(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(lines.len(), numbers.len(), "none is handled twice");
    let lost: Vec<_> = (1..=number).filter(|one| !numbers.contains(one)).collect();
    let letters = running.dead_letters().in_memory();
    assert_eq!((lost, letters), (Vec::new(), 0));
    for place in ["a process of its own", "the process of the manager"] {
        assert!(lines.iter().any(|line| line.ends_with(place)), "{place}");
    }
    assert!(running.stop().await.is_clean());
}
