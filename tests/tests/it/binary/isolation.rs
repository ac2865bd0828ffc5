//! Plugins in processes of their own, in the service as a user starts it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::serve::Serving;
use super::{App, eventually, repository};

/// Plugins that can be moved out: two that only handle events, and two that provide services.
const MOVED: [(&str, &str); 4] = [
    ("APP__CACHE_PLUGIN__ISOLATION", "process"),
    ("APP__FILE_PLUGIN__ISOLATION", "process"),
    ("APP__HELLO_PLUGIN__ISOLATION", "process"),
    ("APP__NOTIFICATION_PLUGIN__ISOLATION", "process"),
];

/// What every plugin did on the day of the demo.
fn day(variables: &[(&str, &str)]) -> Vec<[String; 5]> {
    let app = App::new();
    let file = repository("demo/day.ndjson");
    let mut command = app.command(&format!("run --format json --events {file}"));
    let output = command.envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let stops = summary["stop"]["plugins"].as_array().unwrap();
    assert!(stops.iter().all(|stop| stop["lost"] == 0), "{stops:?}");
    let plugins = summary["plugins"].as_array().unwrap().iter();
    let keys = ["name", "received", "published", "errors", "dropped"];
    let mut day: Vec<_> = plugins
        .map(|plugin| keys.map(|key| plugin[key].to_string()))
        .collect();
    day.sort();
    day
}

#[test]
fn report_i15_the_day_has_the_same_numbers_with_plugins_in_processes() {
    assert_eq!(day(&[]), day(&MOVED));
}

/// How an instance does.
fn status(serving: &Serving, name: &str) -> Value {
    let status = serving.app().run("ps --format json").json();
    let mut plugins = status["plugins"].as_array().unwrap().iter();
    let plugin = plugins.find(|plugin| plugin["name"] == name);
    plugin.unwrap().clone()
}

fn process(serving: &Serving, name: &str) -> Option<u64> {
    status(serving, name)["process_id"].as_u64()
}

fn signal(signal: &str, process: u64) {
    let process = process.to_string();
    let sent = Command::new("kill").args([signal, &process]).status();
    assert!(sent.unwrap().success());
}

/// Whether a process has ended, also if nobody has asked for its exit code.
fn is_gone(process: u64) -> bool {
    let stat = Path::new("/proc").join(process.to_string()).join("stat");
    std::fs::read_to_string(stat).map_or(true, |stat| stat.contains(") Z "))
}

#[test]
fn report_i15_a_killed_process_is_told_of_and_replaced() {
    let mut serving = Serving::start_with("", &MOVED);
    serving.until("running");
    let first = process(&serving, "hello-plugin").unwrap();
    signal("-9", first);
    eventually("another process", || {
        process(&serving, "hello-plugin").is_some_and(|other| other != first)
    });
    let status = status(&serving, "hello-plugin");
    assert_eq!(
        (&status["restarts"], &status["ready"]),
        (&1.into(), &true.into())
    );
    let told = status["last_error"].as_str().unwrap();
    assert!(
        told.contains("its process was ended by signal 9 (SIGKILL)"),
        "{told}"
    );
    let shown = serving.app().run("ps").stdout;
    assert!(shown.contains("`isolation` of `hello-plugin`"), "{shown}");
    let others = ["hello-plugin", "notification-plugin"];
    let processes = others.map(|name| process(&serving, name).unwrap());
    serving.signal("-TERM");
    assert_eq!(serving.end().code, Some(0));
    assert!(processes.into_iter().all(is_gone));
}

#[test]
fn report_i15_no_process_outlives_a_service_that_is_killed() {
    for _ in 0..3 {
        let mut serving = Serving::start_with("", &MOVED);
        serving.until("running");
        let [deaf, other] = ["hello-plugin", "notification-plugin"];
        let [deaf, other] = [deaf, other].map(|name| process(&serving, name).unwrap());
        // One that runs no code can't see that its host is gone.
        signal("-STOP", deaf);
        serving.signal("-KILL");
        assert_eq!(serving.end().code, None);
        eventually("both are gone", || is_gone(deaf) && is_gone(other));
    }
}

#[test]
fn report_i15_explain_says_where_a_plugin_runs_and_why() {
    let app = App::new();
    let explained = app.run("explain hello-plugin").stdout;
    assert!(
        explained.contains("\nisolation     in_process: default\n"),
        "{explained}"
    );
    let app = App::new().file(
        "config/plugin_manager.yaml",
        "plugin_manager: { enable_sandbox: true }\n",
    );
    let explained = app.run("explain hello-plugin").stdout;
    let why = "\nisolation     process: `enable_sandbox` of `plugin_manager`\n";
    assert!(explained.contains(why), "{explained}");
    assert!(
        !explained.contains(" inline "),
        "a `fn` is queued there: {explained}"
    );
    let explained = app.run("explain database-plugin").stdout;
    let why = "\nisolation     in_process: its `init` takes `Meter`";
    assert!(explained.contains(why), "{explained}");
    let checked = app.run("check");
    assert_eq!(checked.code, Some(0));
    let kept = "`database-plugin` stays in the process of the manager: its `init` takes `Meter`";
    assert!(checked.stderr.contains(kept), "{checked:?}");
    assert!(checked.stderr.contains("in force in part"), "{checked:?}");
}
