//! Another config is taken over while the system runs: what it concerns changes, all else goes on.

use plugin_core::config::Sources;
use plugin_core::lifecycle::{
    ChangeAction, Manager, Operation, OperationError, OperationOutcome, Running, State,
};
use plugin_core::{Composition, Descriptor};
use serde_json::json;

use crate::fault::{Journal, Set, plugin, reloading};

/// `a` needs `b`; `c` takes another config over in place, and `off` does not run.
async fn started() -> (Set, Running) {
    let plugins = [
        plugin("a", &["b"]),
        plugin("b", &[]),
        reloading("c", &[]),
        plugin("off", &[]),
    ];
    let set = Set::new(plugins).with_files();
    set.write("off", json!({"enabled": false}));
    let running = set.configure().start().await.unwrap();
    (set, running)
}

fn changes(outcome: &OperationOutcome) -> Vec<(&'static str, ChangeAction)> {
    let changes = outcome.changes.iter();
    changes
        .map(|change| (change.plugin, change.action))
        .collect()
}

/// What was done to the plugins by an operation.
fn since(set: &Set, before: usize) -> Vec<String> {
    set.journal.lines().split_off(before)
}

fn states(running: &Running) -> Vec<(&'static str, State)> {
    let plugins = running.status().plugins.into_iter();
    plugins.map(|plugin| (plugin.name, plugin.state)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_config_that_is_the_same_touches_nobody() {
    let (set, running) = started().await;
    set.write("off", json!({"enabled": false, "config": {}}));
    let before = set.journal.lines().len();
    let outcome = running.handle().reload().await.unwrap();
    assert_eq!(changes(&outcome), []);
    assert_eq!(since(&set, before), [""; 0]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn only_the_plugin_whose_config_changed_is_restarted() {
    let (set, running) = started().await;
    set.write("b", json!({"config": {"word": "new"}}));
    let before = set.journal.lines().len();
    let outcome = running.handle().reload().await.unwrap();
    assert_eq!(changes(&outcome), [("b", ChangeAction::Restart)]);
    assert_eq!(outcome.changes[0].keys, ["b.config.word"]);
    assert_eq!(
        since(&set, before),
        ["stop b", "drop b", "init b", "start b"]
    );
    assert!(running.status().ready);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_can_takes_it_over_in_place_and_has_it_at_its_next_start() {
    let (set, running) = started().await;
    set.write("c", json!({"config": {"start": "error"}}));
    let before = set.journal.lines().len();
    let outcome = running.handle().reload().await.unwrap();
    assert_eq!(changes(&outcome), [("c", ChangeAction::Reload)]);
    assert_eq!(since(&set, before), ["reload c"]);
    let failed = running.handle().restart("c").await.unwrap_err();
    assert!(failed.to_string().contains("told to fail"), "{failed}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn limits_of_the_kernel_take_a_new_instance_and_policies_none() {
    let (set, running) = started().await;
    set.write("c", json!({"timeout": "7s"}));
    set.write("a", json!({"restart": {"max_restarts": 9}}));
    let before = set.journal.lines().len();
    let outcome = running.handle().reload().await.unwrap();
    let expected = [("a", ChangeAction::Update), ("c", ChangeAction::Restart)];
    assert_eq!(changes(&outcome), expected);
    assert_eq!(outcome.plugins, ["c"]);
    assert_eq!(
        since(&set, before),
        ["stop c", "drop c", "init c", "start c"]
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_enabled_comes_and_what_is_not_goes() {
    let (set, running) = started().await;
    set.write("off", json!({"enabled": true}));
    set.write("a", json!({"enabled": false}));
    let before = set.journal.lines().len();
    let outcome = running.handle().reload().await.unwrap();
    let expected = [("a", ChangeAction::Unload), ("off", ChangeAction::Load)];
    assert_eq!(changes(&outcome), expected);
    let done = ["stop a", "drop a", "init off", "start off"];
    assert_eq!(since(&set, before), done);
    let names: Vec<_> = states(&running).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["b", "c", "off"]);
    running.stop().await;
    assert!(set.alive().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_config_is_refused_with_its_place_and_nothing_is_touched() {
    let (set, running) = started().await;
    set.write("b", json!({"enabled": false}));
    set.write("c", json!({"config": {"word": "new"}}));
    let before = set.journal.lines().len();
    let refused = running.handle().reload().await.unwrap_err();
    assert!(matches!(refused, OperationError::Config(_)));
    let text = refused.to_string();
    assert!(
        text.contains("b.yaml") && text.contains("what held before goes on"),
        "{text}"
    );
    assert_eq!(since(&set, before), [""; 0]);
    assert!(running.status().ready);
    // What is mended is taken over.
    set.write("b", json!({}));
    let outcome = running.handle().reload().await.unwrap();
    assert_eq!(changes(&outcome), [("c", ChangeAction::Reload)]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_fails_with_the_new_config_takes_all_of_it_back() {
    for fault in ["error", "panic", "hang"] {
        for hook in ["init", "start"] {
            let (set, running) = started().await;
            set.write("a", json!({"config": {"word": "new"}}));
            set.write("b", json!({"timeout": "9s"}));
            set.write("c", json!({"config": {"word": "new"}}));
            set.write("off", json!({"enabled": true, "config": { hook: fault }}));
            let refused = running.handle().reload().await.unwrap_err();
            assert!(
                matches!(&refused, OperationError::RolledBack { plugin: "off", failed, .. } if failed.is_empty()),
                "{refused}"
            );
            let all = ["b", "a", "c"].map(|name| (name, State::Running));
            assert_eq!(states(&running), all, "{fault} {hook}");
            // The same again: nothing of it was kept.
            set.write("off", json!({"enabled": false}));
            let outcome = running.handle().reload().await.unwrap();
            let all: Vec<_> = changes(&outcome)
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            assert_eq!(all, ["b", "a", "c"], "{fault} {hook}");
            running.stop().await;
            assert!(set.alive().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reload_in_place_that_fails_leaves_the_instance_as_it_was() {
    for fault in ["error", "panic", "hang"] {
        let (set, running) = started().await;
        set.write("c", json!({"config": {"reload": fault}}));
        let refused = running.handle().reload().await.unwrap_err();
        assert!(
            matches!(refused, OperationError::RolledBack { plugin: "c", .. }),
            "{refused}"
        );
        assert!(running.status().ready, "{fault}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_plugin_is_reloaded_alone() {
    let (set, running) = started().await;
    set.write("a", json!({"config": {"word": "new"}}));
    set.write("c", json!({"config": {"word": "new"}}));
    let one = Operation::Reload {
        plugin: Some("c".to_owned()),
    };
    let outcome = running.handle().operate(one).await.unwrap();
    assert_eq!(changes(&outcome), [("c", ChangeAction::Reload)]);
    let outcome = running.handle().reload().await.unwrap();
    assert_eq!(changes(&outcome), [("a", ChangeAction::Restart)]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_what_a_reload_would_do_and_does_nothing() {
    let (set, running) = started().await;
    set.write("a", json!({"config": {"word": "new"}}));
    let before = set.journal.lines().len();
    let plan = Operation::Plan(Box::new(Operation::Reload { plugin: None }));
    for _ in 0..2 {
        let outcome = running.handle().operate(plan.clone()).await.unwrap();
        assert_eq!(changes(&outcome), [("a", ChangeAction::Restart)]);
        assert_eq!(outcome.plugins, [""; 0]);
    }
    assert_eq!(since(&set, before), [""; 0]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_plugin_is_unloaded_and_loaded_until_the_next_start() {
    let (set, running) = started().await;
    let manager = running.handle();
    let unload = |cascade| Operation::Unload {
        plugin: "b".to_owned(),
        cascade,
    };
    let refused = manager.operate(unload(false)).await.unwrap_err();
    assert!(
        matches!(&refused, OperationError::Required { by, .. } if by == &["a"]),
        "{refused}"
    );
    let outcome = manager.operate(unload(true)).await.unwrap();
    let gone = [("a", ChangeAction::Unload), ("b", ChangeAction::Unload)];
    assert_eq!(changes(&outcome), gone);
    assert_eq!(manager.operate(unload(true)).await.unwrap().changes, []);
    let load = |plugin: &str| Operation::Load {
        plugin: plugin.to_owned(),
    };
    // A reload does not bring back what an operator took out.
    assert_eq!(manager.reload().await.unwrap().changes, []);
    let refused = manager.operate(load("a")).await.unwrap_err();
    assert!(refused.to_string().contains("`b`"), "{refused}");
    for plugin in ["b", "a", "a", "off"] {
        manager.operate(load(plugin)).await.unwrap();
    }
    let all = ["b", "a", "c", "off"].map(|name| (name, State::Running));
    assert_eq!(states(&running), all);
    running.stop().await;
    let running = set.configure().start().await.unwrap();
    assert_eq!(states(&running).len(), 3, "until the next start");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_is_disabled_stays_so_at_the_next_start() {
    let (set, running) = started().await;
    let manager = running.handle();
    let disable = Operation::Disable {
        plugin: "b".to_owned(),
        cascade: true,
    };
    manager.operate(disable).await.unwrap();
    running.stop().await;
    let running = set.configure().start().await.unwrap();
    assert_eq!(states(&running), [("c", State::Running)]);
    let enable = |plugin: &str| Operation::Enable {
        plugin: plugin.to_owned(),
    };
    for plugin in ["b", "a"] {
        running.handle().operate(enable(plugin)).await.unwrap();
    }
    running.stop().await;
    let running = set.configure().start().await.unwrap();
    assert_eq!(states(&running).len(), 3);
    running.stop().await;
    assert!(set.data_dir().join("overrides.yaml").exists());
}

/// What was turned off is noted in the data directory, so that one must not move while it is in use.
#[tokio::test(start_paused = true)]
async fn another_data_dir_holds_at_the_next_start_and_is_told_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| dir.path().join(name));
    let file = dir.path().join("manager.yaml");
    let write = |data_dir: &std::path::Path| {
        let section = json!({"plugin_manager": {"data_dir": data_dir, "config_dir": dir.path()}});
        std::fs::write(&file, section.to_string()).unwrap();
    };
    write(&one);
    let a: &'static Descriptor = Box::leak(Box::new(plugin("a", &[])));
    let journal = Journal::new();
    let sources = Sources::new()
        .manager_file(&file)
        .set(["a", "config", "journal"], journal.id());
    let composition = Composition::assemble(&[a]).unwrap();
    let manager = Manager::builder(&composition).sources(sources);
    let running = manager.configure().unwrap().start().await.unwrap();
    let disable = Operation::Disable {
        plugin: "a".to_owned(),
        cascade: false,
    };
    running.handle().operate(disable).await.unwrap();
    write(&two);
    for _ in 0..2 {
        let outcome = running.handle().reload().await.unwrap();
        assert_eq!(changes(&outcome), []);
        assert_eq!(outcome.later, ["plugin_manager.data_dir"]);
    }
    running.stop().await;
    assert!(one.join("overrides.yaml").exists() && !two.exists());
}

/// One that had failed came up with the new config, and has to go when that is taken back.
#[tokio::test(start_paused = true)]
async fn what_did_not_run_before_does_not_run_after_it_is_taken_back() {
    let set = Set::new([plugin("a", &[]), plugin("z", &[])]).with_files();
    set.write(
        "a",
        json!({"start": {"policy": "ignore"}, "config": {"start": "error"}}),
    );
    let running = set.configure().start().await.unwrap();
    assert_eq!(states(&running)[0], ("a", State::Failed));
    set.write("a", json!({"start": {"policy": "ignore"}}));
    set.write("z", json!({"config": {"start": "error"}}));
    let refused = running.handle().reload().await.unwrap_err();
    assert!(
        matches!(refused, OperationError::RolledBack { plugin: "z", .. }),
        "{refused}"
    );
    assert_ne!(states(&running)[0].1, State::Running);
    assert_eq!(set.alive(), ["z"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn another_interval_of_health_holds_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("manager.yaml");
    let write = |interval: &str| {
        let section = json!({"plugin_manager": {"health_interval": interval}});
        std::fs::write(&file, section.to_string()).unwrap();
    };
    write("1h");
    let a: &'static Descriptor = Box::leak(Box::new(plugin("a", &[])));
    let journal = Journal::new();
    let sources = Sources::new()
        .manager_file(&file)
        .data_dir(dir.path().join("data"))
        .set(["a", "config", "journal"], journal.id());
    let composition = Composition::assemble(&[a]).unwrap();
    let manager = Manager::builder(&composition).sources(sources);
    let running = manager.configure().unwrap().start().await.unwrap();
    write("1s");
    let outcome = running.handle().reload().await.unwrap();
    assert_eq!(outcome.manager, ["plugin_manager.health_interval"]);
    assert_eq!(outcome.later, [""; 0]);
    let began = tokio::time::Instant::now();
    while journal.of_kind("health").is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(2));
    running.stop().await;
}
