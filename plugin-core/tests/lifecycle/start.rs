//! The start is a transaction.

use plugin_core::ErrorKind;
use plugin_core::lifecycle::State;
use serde_json::json;

use crate::fault::{Set, open_gate, plugin};

fn chain() -> Set {
    Set::new([
        plugin("aa-api", &["mm-middle"]),
        plugin("mm-middle", &["zz-database"]),
        plugin("zz-database", &[]),
    ])
}

#[tokio::test(start_paused = true)]
async fn b12_b13_starts_all_in_order_of_needs_and_inits_each_before() {
    let set = chain();
    let running = set.configure().start().await.unwrap();
    assert_eq!(
        set.journal.of_kind("init"),
        ["zz-database", "mm-middle", "aa-api"]
    );
    assert_eq!(
        set.journal.of_kind("start"),
        ["zz-database", "mm-middle", "aa-api"]
    );
    let first_start = set
        .journal
        .lines()
        .iter()
        .position(|line| line.starts_with("start"));
    assert_eq!(first_start, Some(3), "all are built before any starts");
    let status = running.status();
    assert_eq!(status.state, State::Running);
    assert!(status.ready);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b14_stops_in_reverse_order() {
    let set = chain();
    let report = set.configure().start().await.unwrap().stop().await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(
        set.journal.of_kind("stop"),
        ["aa-api", "mm-middle", "zz-database"]
    );
    assert_eq!(
        set.journal.of_kind("drop"),
        ["aa-api", "mm-middle", "zz-database"]
    );
}

#[tokio::test(start_paused = true)]
async fn b27_init_runs_once() {
    let set = chain();
    set.configure().start().await.unwrap().stop().await;
    assert_eq!(set.journal.of_kind("init").len(), 3);
}

/// A fault at every stage, of every kind: what had started is stopped again, in reverse, and
/// nothing is left.
#[tokio::test(start_paused = true)]
async fn b18_b19_a_fault_at_any_stage_rolls_everything_back() {
    for stage in ["init", "start"] {
        for fault in ["error", "panic", "hang", "config"] {
            let set = chain().tell("mm-middle", json!({ stage: fault }));
            let error = set.configure().start().await.unwrap_err();
            let case = format!("{stage} {fault}: {error}");
            assert_eq!(error.failures.len(), 1, "{case}");
            assert_eq!(error.failures[0].plugin, "mm-middle", "{case}");
            assert_eq!(error.failures[0].stage, stage, "{case}");
            let kind = match fault {
                "panic" => ErrorKind::Bug,
                "hang" => ErrorKind::Timeout,
                "config" => ErrorKind::Config,
                _ => ErrorKind::External { retriable: false },
            };
            assert_eq!(error.failures[0].error.kind(), kind, "{case}");
            assert!(set.alive().is_empty(), "{case}: {:?}", set.journal.lines());
            let built = set.journal.of_kind("init").len() - usize::from(stage == "init");
            assert_eq!(
                set.journal.of_kind("drop").len(),
                built,
                "{case}: {:?}",
                set.journal.lines()
            );
            assert!(
                !set.journal.of_kind("start").contains(&"aa-api".to_owned()),
                "{case}"
            );
            assert!(error.rollback.is_clean(), "{case}");
        }
    }
}

/// Nothing can end what blocks its thread: it is late, and left behind. Each of the two here takes
/// a worker of the runtime along.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hook_that_blocks_its_thread_is_late_and_in_nobodys_way() {
    for stage in ["init", "start"] {
        let set = chain().tell("mm-middle", json!({ stage: "block" })).set(
            "mm-middle",
            "timeout",
            json!("50ms"),
        );
        let began = std::time::Instant::now();
        let error = set.configure().start().await.unwrap_err();
        assert_eq!(error.failures[0].plugin, "mm-middle", "{error}");
        assert_eq!(error.failures[0].error.kind(), ErrorKind::Timeout);
        assert!(began.elapsed().as_secs() < 5, "it was waited for");
    }
    open_gate();
}

#[tokio::test(start_paused = true)]
async fn only_plugins_that_were_started_are_told_to_stop() {
    let set = chain().tell("aa-api", json!({"start": "error"}));
    set.configure().start().await.unwrap_err();
    assert_eq!(set.journal.of_kind("stop"), ["mm-middle", "zz-database"]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_stops_what_had_started() {
    for (stage, built) in [("init", 1), ("start", 3)] {
        let set = chain().tell("mm-middle", json!({ stage: "hang" }));
        let limit = tokio::time::sleep(std::time::Duration::from_secs(1));
        let error = set.configure().start_until(limit).await.unwrap_err();
        assert!(error.failures.is_empty(), "{error}");
        assert_eq!(
            set.journal.of_kind("drop").len(),
            built,
            "{:?}",
            set.journal.lines()
        );
        assert!(set.alive().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_dropped_stops_what_had_started() {
    let set = chain().tell("mm-middle", json!({"start": "hang"}));
    let start = tokio::time::timeout(std::time::Duration::from_secs(1), set.configure().start());
    assert!(start.await.is_err(), "it hangs");
    while set.journal.of_kind("drop").len() < 3 {
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
    assert!(set.alive().is_empty());
}

#[tokio::test(start_paused = true)]
async fn b20_policy_retry_tries_again() {
    let set = chain().tell("zz-database", json!({"init": "once"})).set(
        "zz-database",
        "start",
        json!({"policy": "retry", "attempts": 3}),
    );
    let running = set.configure().start().await.unwrap();
    assert_eq!(
        set.journal.of_kind("init")[..2],
        ["zz-database", "zz-database"]
    );
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn policy_retry_ends_after_its_attempts_and_never_repeats_a_config_error() {
    for (fault, attempts) in [("retriable", 3), ("config", 1)] {
        let set = chain().tell("zz-database", json!({ "init": fault })).set(
            "zz-database",
            "start",
            json!({"policy": "retry", "attempts": 3}),
        );
        set.configure().start().await.unwrap_err();
        assert_eq!(set.journal.of_kind("init").len(), attempts, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn policy_ignore_goes_on_without_the_plugin_and_those_that_need_it() {
    let set = Set::new([
        plugin("aa-api", &["mm-middle"]),
        plugin("mm-middle", &[]),
        plugin("zz-database", &[]),
    ])
    .tell("mm-middle", json!({"start": "error"}))
    .set("mm-middle", "start", json!({"policy": "ignore"}));
    let running = set.configure().start().await.unwrap();
    let status = running.status();
    let states: Vec<_> = status
        .plugins
        .iter()
        .map(|plugin| (plugin.name, plugin.state))
        .collect();
    assert!(states.contains(&("mm-middle", State::Failed)), "{states:?}");
    assert!(states.contains(&("aa-api", State::Failed)), "{states:?}");
    assert!(
        states.contains(&("zz-database", State::Running)),
        "{states:?}"
    );
    assert_eq!(status.not_ready().count(), 2);
    running.stop().await;
    assert!(set.alive().is_empty());
}

#[tokio::test(start_paused = true)]
async fn independent_plugins_start_side_by_side() {
    let set = Set::new([plugin("a", &[]), plugin("b", &[]), plugin("c", &["a"])])
        .tell("a", json!({"start": "yield"}));
    let running = set.configure().start().await.unwrap();
    let starts = set.journal.of_kind("start");
    assert_eq!(starts, ["a", "b", "c"], "b does not wait for a");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn system_plugins_start_first_and_stop_last_and_middleware_the_other_way_round() {
    use plugin_core::Kind;
    let set = Set::new([
        plugin("aa-edge", &[]).kind(Kind::Middleware),
        plugin("bb-work", &[]),
        plugin("cc-logs", &[]).kind(Kind::System),
    ])
    .tell("cc-logs", json!({"start": "yield"}))
    .tell("bb-work", json!({"start": "yield", "stop": "yield"}));
    let report = set.configure().start().await.unwrap().stop().await;
    assert!(report.is_clean());
    assert_eq!(
        set.journal.of_kind("start"),
        ["cc-logs", "bb-work", "aa-edge"]
    );
    assert_eq!(
        set.journal.of_kind("stop"),
        ["aa-edge", "bb-work", "cc-logs"]
    );
}
