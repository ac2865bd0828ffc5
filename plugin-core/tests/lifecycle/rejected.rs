//! What is told of a config that is not applied, and of what holds in the place of its files.

use std::sync::{Arc, Mutex};

use plugin_core::audit::AuditQuery;
use plugin_core::config::Sources;
use plugin_core::event::{AnyEvent, SubscriptionHandle};
use plugin_core::lifecycle::{ConfigRejected, Operation, ReloadOutcome, Running};
use serde_json::json;

use crate::fault::{Set, plugin};

/// A system whose files count no more when a reload of them fails.
async fn started() -> (Set, Running) {
    let set = Set::new([plugin("a", &[])]).with_files();
    let set = set.set("plugin_manager", "on_failed_reload", json!("rollback"));
    set.write("a", json!({"config": {"word": "first"}}));
    let configured = set.configure_from(Sources::obey_rollback);
    let running = configured.start().await.unwrap();
    (set, running)
}

type Heard = Arc<Mutex<Vec<ConfigRejected>>>;

fn hear(running: &Running) -> (SubscriptionHandle, Heard) {
    let heard = Heard::default();
    let kept = Arc::clone(&heard);
    let hear = move |event: &AnyEvent<'_>| {
        let event = serde_json::from_value(event.to_json().unwrap()).unwrap();
        kept.lock().unwrap().push(event);
    };
    let handle = running.subscriber().observe("config.rejected", hear);
    (handle.unwrap(), heard)
}

#[tokio::test(start_paused = true)]
async fn report_i12_a_config_that_is_rejected_is_an_event_and_in_the_status() {
    let (set, running) = started().await;
    let (_hearing, heard) = hear(&running);
    let handle = running.handle();
    assert_eq!(handle.status().config.rollback, None);

    set.write("a", json!({"nonsense": 1}));
    handle.reload().await.unwrap_err();
    let status = handle.status().config;
    assert_eq!(status.last_attempt.unwrap().outcome, ReloadOutcome::Refused);
    let rollback = status.rollback.unwrap();
    assert_eq!(rollback.generation, 1);
    let because = rollback.because.unwrap();
    assert!(because.contains("a.nonsense: unknown key"), "{because}");

    set.write("a", json!({"config": {"start": "error"}}));
    handle.reload().await.unwrap_err();
    let status = handle.status().config;
    assert_eq!(
        status.last_attempt.unwrap().outcome,
        ReloadOutcome::RolledBack
    );
    let because = status.rollback.unwrap().because.unwrap();
    assert!(because.starts_with("`a` failed with it: "), "{because}");

    set.write("a", json!({"config": {"word": "second"}}));
    handle.reload().await.unwrap();
    assert_eq!(handle.status().config.rollback, None, "the files count");
    running.stop().await;

    let heard = heard.lock().unwrap();
    let words: Vec<_> = (heard.iter())
        .map(|one| (&*one.operation, &*one.by, &*one.outcome, one.fallback))
        .collect();
    assert_eq!(
        words,
        [
            ("reload", "operator", "refused", Some(1)),
            ("reload", "operator", "rolled_back", Some(1)),
        ]
    );
    assert!(heard[0].reason.contains("a.nonsense"), "{:?}", heard[0]);
    let mut query = AuditQuery::last(10);
    query.action = Some("config.fallback".to_owned());
    let page = plugin_core::audit::read(set.data_dir(), &query).unwrap();
    assert_eq!(page.lines.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn report_i12_a_reload_of_files_that_were_refused_says_so_again() {
    let (set, running) = started().await;
    let handle = running.handle();
    set.write("a", json!({"nonsense": 1}));
    handle.reload().await.unwrap_err();
    for _ in 0..2 {
        let outcome = handle.reload().await.unwrap();
        assert_eq!(outcome.changes, []);
        let told = outcome.rollback.unwrap().to_string();
        assert!(told.contains("they were refused: "), "{told}");
        assert!(told.contains("a.nonsense: unknown key"), "{told}");
    }
    running.stop().await;

    // The next start says it, too.
    let configured = set.configure_from(Sources::obey_rollback);
    let warnings = configured.warnings().iter().map(ToString::to_string);
    let warnings: Vec<_> = warnings.collect();
    assert!(
        warnings[0].contains("a.nonsense: unknown key"),
        "{warnings:?}"
    );
}

/// Nobody refused anything of the files that an operator put another config in the place of.
#[tokio::test(start_paused = true)]
async fn report_i12_a_config_that_an_operator_chose_is_told_without_a_reason() {
    let (set, running) = started().await;
    let handle = running.handle();
    set.write("a", json!({"config": {"word": "second"}}));
    handle.reload().await.unwrap();
    let back = Operation::Rollback {
        generation: Some(1),
    };
    let outcome = handle.operate(back).await.unwrap();
    let rollback = outcome.rollback.unwrap();
    assert_eq!((rollback.generation, rollback.because), (1, None));
    // One that changes a single plugin leaves the choice alone.
    let configure = Operation::Disable {
        plugin: "a".to_owned(),
        cascade: false,
    };
    handle.operate(configure).await.unwrap();
    assert_eq!(handle.status().config.rollback.unwrap().generation, 1);
    running.stop().await;
}

/// A file that was changed means that file, however wrong it is.
#[tokio::test(start_paused = true)]
async fn report_i12_a_choice_is_over_with_a_file_that_is_refused() {
    let set = Set::new([plugin("a", &[])]).with_files();
    set.write("a", json!({}));
    let configured = set.configure_from(Sources::obey_rollback);
    let running = configured.start().await.unwrap();
    let handle = running.handle();
    let generation = Some(1);
    let back = Operation::Rollback { generation };
    handle.operate(back).await.unwrap();
    assert!(handle.status().config.rollback.is_some());
    set.write("a", json!({"nonsense": 1}));
    handle.reload().await.unwrap_err();
    assert_eq!(handle.status().config.rollback, None);
    running.stop().await;
}
