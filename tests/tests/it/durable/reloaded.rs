//! Config is taken over while durable events flow: each is handled, once and in order.

use std::time::Duration;

use plugin_core::config::Sources;
use plugin_core::lifecycle::{ChangeAction, Operation};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::durable::parcel::{Parcel, key, parcel, plugins, without_keys};
use crate::journal::Journal;
use crate::rig::Rig;

/// After this time what has not happened never will.
const LIMIT: Duration = Duration::from_secs(60);

/// A set whose receiver has a file of its own.
fn with_file() -> (TempDir, Rig) {
    let dir = tempfile::tempdir().unwrap();
    let sources = Sources::new().config_dir(dir.path());
    let rig = Rig::from_sources(&plugins(), sources);
    (dir, rig)
}

fn write(dir: &TempDir, config: &str) {
    write_of("durable-receiver", dir, config);
}

fn write_of(instance: &str, dir: &TempDir, config: &str) {
    let section = format!("{instance}:\n  config: {config}\n");
    std::fs::write(dir.path().join(format!("{instance}.yaml")), section).unwrap();
}

#[tokio::test]
async fn no_event_is_lost_or_repeated_by_reloads() {
    reload_under_load("durable-receiver", with_file()).await;
}

#[tokio::test]
async fn report_i12_no_event_is_lost_or_repeated_by_reloads_of_a_labelled_instance() {
    let (dir, rig) = with_file();
    let rig = rig.set("durable-receiver", "enabled", false);
    write_of("durable-receiver@eu", &dir, "{}");
    reload_under_load("durable-receiver@eu", (dir, rig)).await;
}

/// Reloads the one instance that receives while parcels come.
async fn reload_under_load(instance: &str, (dir, rig): (TempDir, Rig)) {
    const PARCELS: u64 = 2_000;
    let running = rig.start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let parcels = running.publisher::<Parcel>();
    let publish = async {
        for number in 1..=PARCELS {
            parcels.publish(parcel(number)).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let reload = async {
        for round in 0..40_u64 {
            let config = format!("{{ hang_from: {} }}", u64::MAX - round);
            write_of(instance, &dir, &config);
            let outcome = running.handle().reload().await.unwrap();
            let change = &outcome.changes[0];
            assert_eq!(
                (change.plugin, change.action),
                (instance, ChangeAction::Restart)
            );
            assert_eq!((outcome.dead_lettered, outcome.lost), (0, 0));
        }
    };
    tokio::join!(publish, reload);
    running.idle().await;
    let lines = journal.lines();
    let expected = (1..=PARCELS).map(|number| format!("handled {number} from host"));
    assert_eq!(without_keys(&lines), expected.collect::<Vec<_>>());
    let keys: std::collections::BTreeSet<_> = lines.iter().map(|line| key(line)).collect();
    assert_eq!(keys.len(), lines.len());
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn what_is_stored_for_a_plugin_that_is_unloaded_waits_until_it_is_loaded() {
    let (dir, rig) = with_file();
    write(&dir, "{ hang_from: 1 }");
    let running = rig.start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    for number in 1..=3 {
        let parcels = running.publisher::<Parcel>();
        parcels.publish_durable(parcel(number)).await.unwrap();
    }
    while journal.lines().is_empty() {
        tokio::task::yield_now().await;
    }
    let plugin = "durable-receiver".to_owned();
    let unload = Operation::Unload {
        plugin: plugin.clone(),
        cascade: false,
    };
    let unloaded = running.handle().operate(unload).await.unwrap();
    assert_eq!((unloaded.dead_lettered, unloaded.lost), (0, 0));
    assert!(
        running
            .status()
            .plugins
            .iter()
            .all(|one| one.name != plugin)
    );
    let handlers = running.bus().handlers();
    assert!(
        handlers.iter().all(|one| one.plugin != plugin),
        "no route is left"
    );
    write(&dir, "{}");
    journal.clear();
    running
        .handle()
        .operate(Operation::Load { plugin })
        .await
        .unwrap();
    running.idle().await;
    let expected = [1, 2, 3].map(|number| format!("handled {number} from host"));
    assert_eq!(without_keys(&journal.lines()), expected);
    assert!(running.stop().await.is_clean());
}

/// The store is full of events of the very plugin that is unloaded, and waits for room.
#[tokio::test]
async fn an_unload_does_not_wait_for_room_in_the_store_and_loses_nothing() {
    let (dir, rig) = with_file();
    write(
        &dir,
        "{ hang_from: 1 }\n  timeout: 200ms\n  handlers: { receive: { timeout: 1h } }",
    );
    let full = json!({ "max_events": 3, "on_full": "wait" });
    let running = rig.config("queue-plugin", full).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let parcels = running.publisher::<Parcel>();
    for number in 1..=3 {
        parcels.publish_durable(parcel(number)).await.unwrap();
    }
    for number in 4..=6 {
        parcels.publish(parcel(number)).await.unwrap();
    }
    while journal.lines().is_empty() {
        tokio::task::yield_now().await;
    }
    let plugin = "durable-receiver".to_owned();
    let unload = Operation::Unload {
        plugin: plugin.clone(),
        cascade: false,
    };
    let unloaded = timeout(LIMIT, running.handle().operate(unload)).await;
    unloaded.expect("it waits for room").unwrap();
    write(&dir, "{}");
    journal.clear();
    let load = Operation::Load { plugin };
    running.handle().operate(load).await.unwrap();
    timeout(LIMIT, running.idle())
        .await
        .expect("all is handled");
    let expected = (1..=6).map(|number| format!("handled {number} from host"));
    assert_eq!(without_keys(&journal.lines()), expected.collect::<Vec<_>>());
    let report = running.stop().await;
    assert!(report.is_clean() && report.unstored == 0, "{report:?}");
}
