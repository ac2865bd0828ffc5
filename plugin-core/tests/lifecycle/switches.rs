//! Plugins that operators turn on and off, what is kept of it, and of each config that is applied.

use plugin_core::config::Generations;
use plugin_core::lifecycle::{ChangeAction, Operation, OperationError, Running, holder};
use serde_json::json;

use crate::fault::{Set, plugin, reloading};

/// `a` needs `b`; `c` takes another config over in place.
fn set() -> Set {
    let plugins = [plugin("a", &["b"]), plugin("b", &[]), reloading("c", &[])];
    Set::new(plugins).with_files()
}

fn named(plugin: &str) -> String {
    plugin.to_owned()
}

fn load(plugin: &str) -> Operation {
    let plugin = named(plugin);
    Operation::Load { plugin }
}

fn unload(plugin: &str) -> Operation {
    let (plugin, cascade) = (named(plugin), true);
    Operation::Unload { plugin, cascade }
}

fn enable(plugin: &str) -> Operation {
    let plugin = named(plugin);
    Operation::Enable { plugin }
}

fn disable(plugin: &str) -> Operation {
    let (plugin, cascade) = (named(plugin), true);
    Operation::Disable { plugin, cascade }
}

fn reload(plugin: &str) -> Operation {
    let plugin = Some(named(plugin));
    Operation::Reload { plugin }
}

fn reset(plugin: Option<&str>) -> Operation {
    let plugin = plugin.map(named);
    Operation::Reset { plugin }
}

/// What was done to which instance, and because of which keys.
async fn done(running: &Running, operation: Operation) -> Vec<String> {
    let outcome = running.handle().operate(operation).await.unwrap();
    let changes = outcome.changes.iter();
    let told = changes.map(|change| {
        let action = change.action.as_str();
        format!("{} {action} {}", change.plugin, change.keys.join(","))
    });
    told.collect()
}

async fn refused(running: &Running, operation: Operation) -> OperationError {
    running.handle().operate(operation).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn report_b1_one_that_needs_another_is_loaded_after_it() {
    let set = set();
    let running = set.configure().start().await.unwrap();
    done(&running, unload("b")).await;
    for operation in [load("a"), enable("a")] {
        let error = refused(&running, operation).await;
        let told =
            "`a` needs `b`, which does not run: `start` it first, or `load` what is not loaded";
        assert_eq!(error.to_string(), told);
        assert!(matches!(error, OperationError::Needs { .. }));
    }
    assert_eq!(done(&running, load("b")).await, ["b load b.enabled"]);
    assert_eq!(done(&running, enable("a")).await, ["a load a.enabled"]);
    running.stop().await;
}

/// What keeps a config from being taken over is told under the name of the operation.
#[tokio::test(start_paused = true)]
async fn report_b1_a_switch_that_stands_in_the_way_is_named() {
    let set = set();
    set.write("a", json!({"enabled": false}));
    let running = set.configure().start().await.unwrap();
    done(&running, unload("b")).await;
    set.write("a", json!({"enabled": true}));
    let error = running.handle().reload().await.unwrap_err().to_string();
    assert!(error.contains("`load` or `unload`: b.enabled: "), "{error}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_b7_one_that_is_not_loaded_is_not_unknown() {
    let set = set();
    let running = set.configure().start().await.unwrap();
    assert_eq!(done(&running, unload("c")).await, ["c unload c.enabled"]);
    let plugin = || named("c");
    for operation in [
        Operation::Start { plugin: plugin() },
        Operation::Restart { plugin: plugin() },
        reload("c"),
    ] {
        let error = refused(&running, operation).await;
        assert!(
            matches!(error, OperationError::NotLoaded { plugin: "c" }),
            "{error}"
        );
        let told = "`c` is not loaded: `load` brings it in until the next start of the process, \
                    `enable` for good";
        assert_eq!(error.to_string(), told);
    }
    let error = refused(&running, load("cc")).await;
    let told = "there is no plugin `cc`: did you mean `c`?";
    assert_eq!(error.to_string(), told);
    running.stop().await;
}

/// Found by the random operations of `states`.
#[tokio::test(start_paused = true)]
async fn report_a1_one_that_is_loaded_is_not_loaded_again_with_another_config() {
    let set = set();
    let running = set.configure().start().await.unwrap();
    set.write("b", json!({"config": {"word": "new"}}));
    let before = set.journal.lines().len();
    for operation in [load("b"), enable("b")] {
        assert_eq!(done(&running, operation).await, [""; 0]);
    }
    assert_eq!(set.journal.lines().len(), before);
    assert_eq!(running.handle().reload().await.unwrap().changes.len(), 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_a1_one_that_comes_needs_what_it_needs_to_run() {
    let set = set();
    set.write("a", json!({"enabled": false}));
    let running = set.configure().start().await.unwrap();
    running.handle().stop("b").await.unwrap();
    set.write("a", json!({"enabled": true}));
    let error = running.handle().reload().await.unwrap_err();
    assert!(
        matches!(&error, OperationError::Needs { plugin: "a", missing } if missing == &["b"]),
        "{error}"
    );
    running.handle().start("b").await.unwrap();
    running.handle().reload().await.unwrap();
    running.stop().await;
}

/// What can't be changed back in place starts anew, so that what held before holds again.
#[tokio::test(start_paused = true)]
async fn report_a1_one_that_does_not_change_back_in_place_starts_anew() {
    let plugins = [reloading("c", &[]), plugin("d", &["c"]), plugin("z", &[])];
    let set = Set::new(plugins).with_files();
    set.write("c", json!({"config": {"reload": "error"}}));
    let running = set.configure().start().await.unwrap();
    set.write("c", json!({"config": {"word": "new"}}));
    set.write("z", json!({"config": {"start": "error"}}));
    let before = set.journal.lines().len();
    let error = running.handle().reload().await.unwrap_err();
    assert!(
        matches!(&error, OperationError::RolledBack { plugin: "z", failed, .. } if failed.is_empty()),
        "{error}"
    );
    let lines = set.journal.lines().split_off(before);
    let of_c: Vec<_> = lines.iter().filter(|line| line.ends_with(" c")).collect();
    let expected = [
        "reload c", "reload c", "stop c", "drop c", "init c", "start c",
    ];
    assert_eq!(of_c, expected);
    assert!(running.status().ready, "`d` goes on too");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_b4_config_decides_again_after_a_reset() {
    let set = set();
    set.write("c", json!({"enabled": true}));
    let overrides = set.data_dir().join("overrides.yaml");
    let running = set.configure().start().await.unwrap();
    done(&running, disable("c")).await;
    let text = std::fs::read_to_string(&overrides).unwrap();
    assert!(
        text.starts_with(
            "# Written by `enable`, `disable` and `config set`, which keep no comments."
        ),
        "{text}"
    );
    // What goes before the files is told by each reload, and by a check.
    let outcome = running.handle().reload().await.unwrap();
    assert_eq!(
        (outcome.overridden, outcome.changes.len()),
        (vec![named("c")], 0)
    );
    let configured = set.configure();
    let warning = configured.warnings()[0].to_string();
    assert!(
        warning.contains("overrides.yaml:4:3: c.enabled: `disable` turned it off"),
        "{warning}"
    );
    assert!(
        warning.ends_with("c.yaml:1:17 says: `config reset c` has that decide again"),
        "{warning}"
    );

    let plan = Operation::Plan(Box::new(reset(Some("c"))));
    assert_eq!(done(&running, plan).await, ["c load c.enabled"]);
    assert!(overrides.exists());
    done(&running, unload("a")).await;
    assert_eq!(done(&running, reset(Some("c"))).await, ["c load c.enabled"]);
    assert!(!overrides.exists(), "nothing is said any more");
    // So is what was said until the next start.
    assert_eq!(done(&running, reset(None)).await, ["a load a.enabled"]);
    assert_eq!(done(&running, reset(None)).await, [""; 0]);
    assert!(matches!(
        refused(&running, reset(Some("x"))).await,
        OperationError::Unknown { .. }
    ));
    assert_eq!(running.handle().reload().await.unwrap().overridden, [""; 0]);
    running.stop().await;
    assert_eq!(set.configure().plugins().count(), 3);
}

/// What was turned off by hand is told as long as it is, and no longer.
#[tokio::test(start_paused = true)]
async fn report_i12_a_reset_is_not_told_as_overridden() {
    let set = set();
    set.write("a", json!({"enabled": true}));
    let running = set.configure().start().await.unwrap();
    done(&running, disable("a")).await;
    let handle = running.handle();
    assert_eq!(handle.reload().await.unwrap().overridden, ["a"]);
    for operation in [reset(Some("a")), reload("c")] {
        let outcome = handle.operate(operation).await.unwrap();
        assert_eq!(outcome.overridden, [""; 0]);
    }
    running.stop().await;
}

/// It does not come again by the files, so nothing of it is forgotten.
#[tokio::test(start_paused = true)]
async fn report_b4_a_reset_that_is_refused_changes_nothing() {
    let set = set();
    let running = set.configure().start().await.unwrap();
    done(&running, disable("b")).await;
    set.write("b", json!({"config": {"start": "error"}}));
    let error = refused(&running, reset(Some("b"))).await;
    assert!(
        matches!(error, OperationError::RolledBack { .. }),
        "{error}"
    );
    assert!(set.data_dir().join("overrides.yaml").exists());
    assert_eq!(set.configure().plugins().count(), 1);
    running.stop().await;
}

fn kept(set: &Set) -> Vec<u64> {
    Generations::in_dir(set.data_dir()).numbers().unwrap()
}

#[tokio::test(start_paused = true)]
async fn report_a5_the_reload_of_one_plugin_is_kept() {
    let set = set();
    set.write("a", json!({"config": {"word": "old"}}));
    set.write("c", json!({"config": {"word": "old"}}));
    let running = set.configure().start().await.unwrap();
    for plugin in ["a", "c"] {
        set.write(plugin, json!({"config": {"word": "new"}}));
    }
    done(&running, reload("c")).await;
    assert_eq!(kept(&set), [1, 2]);
    let generation = Generations::in_dir(set.data_dir()).read(2).unwrap();
    let kept_config = set.configure_from(|sources| sources.generation(generation));
    let word = |plugin: &str| kept_config.settings().plugins[plugin].values["word"].clone();
    assert_eq!([word("a"), word("c")], ["old", "new"]);
    running.handle().reload().await.unwrap();
    assert_eq!(kept(&set), [1, 2, 3]);

    // One that no files say as a whole can't be read again, so it is not kept.
    set.write("c", json!({}));
    std::fs::remove_file(set.data_dir().join("config/c.yaml")).unwrap();
    std::fs::remove_file(set.data_dir().join("config/a.yaml")).unwrap();
    let both = json!({"a": {"config": {"word": "3"}}, "c": {"config": {"word": "3"}}});
    std::fs::write(set.data_dir().join("config/both.yaml"), both.to_string()).unwrap();
    assert_eq!(
        done(&running, reload("c")).await,
        ["c reload c.config.word"]
    );
    assert_eq!(kept(&set), [1, 2, 3]);
    running.handle().reload().await.unwrap();
    assert_eq!(kept(&set), [1, 2, 3, 4]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_a5_small_edits_do_not_push_the_last_good_start_out() {
    let set = set().set("plugin_manager", "config_generations", json!(2));
    set.write("c", json!({}));
    let running = set.configure().start().await.unwrap();
    for word in 0..4 {
        set.write("c", json!({"config": {"word": word}}));
        running.handle().reload().await.unwrap();
    }
    assert_eq!(kept(&set), [1, 4, 5]);
    assert_eq!(Generations::in_dir(set.data_dir()).started(), Some(1));
    running.stop().await;
    let running = set.configure().start().await.unwrap();
    assert_eq!(Generations::in_dir(set.data_dir()).started(), Some(5));
    set.write("c", json!({"config": {"word": "last"}}));
    running.handle().reload().await.unwrap();
    assert_eq!(kept(&set), [5, 6]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_b3_a_second_service_on_a_data_folder_is_refused_before_it_writes() {
    let set = set();
    assert_eq!(holder(set.data_dir()), None);
    let first = set.configure().start().await.unwrap();
    assert_eq!(
        holder(set.data_dir()).unwrap().pid,
        Some(std::process::id())
    );
    let before = set.journal.lines();
    let error = set.configure().start().await.unwrap_err().to_string();
    let folder = set.data_dir().display();
    assert!(
        error.contains(&format!("the data folder `{folder}` is taken")),
        "{error}"
    );
    assert_eq!(set.journal.lines(), before, "no plugin was made");
    // Whoever holds a handle still does not hold the folder.
    let handle = first.handle();
    first.stop().await;
    assert_eq!(holder(set.data_dir()), None);
    set.configure().start().await.unwrap().stop().await;
    drop(handle);

    set.write("c", json!({"config": {"start": "error"}}));
    assert!(set.configure().start().await.is_err());
    assert_eq!(
        holder(set.data_dir()),
        None,
        "a start that fails lets go of it"
    );
}

#[tokio::test(start_paused = true)]
async fn report_a4_a_reload_of_one_of_many_calls_no_hook_of_another() {
    let names: Vec<&'static str> = (0..100).map(|at| &*format!("p{at:02}").leak()).collect();
    let plugins: Vec<_> = names.iter().map(|name| plugin(name, &[])).collect();
    let plugins: [_; 100] = plugins.try_into().unwrap();
    let set = Set::new(plugins).with_files();
    let running = set.configure().start().await.unwrap();
    set.write("p42", json!({"config": {"word": "new"}}));
    let before = set.journal.lines().len();
    let outcome = running.handle().reload().await.unwrap();
    assert_eq!(outcome.changes.len(), 1);
    assert_eq!(outcome.changes[0].action, ChangeAction::Restart);
    let called = set.journal.lines().split_off(before);
    assert_eq!(called, ["stop p42", "drop p42", "init p42", "start p42"]);
    running.stop().await;
}
