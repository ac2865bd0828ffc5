//! The running app, operated by commands of its own binary.
#![cfg(unix)]

mod clients;
mod deaf;
mod owner;
mod refusals;
mod reload;
mod remote;

use serde_json::{Value, json};

use super::serve::Serving;
use super::{App, Ended};

/// A service that has started, on any free port.
pub(super) fn serving(arguments: &str) -> Serving {
    let mut serving = Serving::start(arguments);
    serving.until("running; Ctrl-C stops");
    serving
}

fn done(ended: &Ended) -> &str {
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{ended:?}"
    );
    ended.stdout.trim_end()
}

fn refused(ended: &Ended, code: i32) -> &str {
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(code), ""),
        "{ended:?}"
    );
    ended.stderr.trim_end()
}

/// The states of the plugins that do not run.
fn down(app: &App) -> Vec<(String, String)> {
    let status = app.run("ps --format json").json();
    let plugins = status["plugins"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    plugins
        .map(|plugin| (text(&plugin["name"]), text(&plugin["state"])))
        .filter(|(_, state)| state != "running")
        .collect()
}

#[test]
fn an_operator_sees_stops_and_starts_plugins() {
    let mut serving = serving("");
    let app = serving.app();
    let listed = app.run("ps");
    let lines: Vec<&str> = done(&listed).lines().collect();
    // A heading and thirteen plugins; a heading and the limits that are set, between empty lines; and
    // the sum.
    let limits = lines
        .iter()
        .filter(|line| line.contains("  resources.tasks  "))
        .count();
    assert_eq!((lines.len(), limits), (19, 1), "{listed:?}");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let heading =
        "instance state ready for restarts tasks queued cpu memory in out errors last error";
    assert_eq!(words(lines[0]), heading);
    assert!(
        words(lines[2]).starts_with("admin-plugin running yes "),
        "{listed:?}"
    );
    assert_eq!(lines.last(), Some(&"13 plugins, all ready"));
    assert!(
        !listed.stdout.contains('\u{1b}'),
        "no colour where nobody sees it"
    );

    let refusal = "error: `logger-plugin` is needed by `hello-plugin`, which runs: stop it first, \
                   or all of them with `--cascade`";
    assert_eq!(refused(&app.run("stop logger-plugin"), 8), refusal);
    assert_eq!(down(app), []);
    let stopped = app.run("stop cache-plugin --cascade");
    assert_eq!(
        done(&stopped),
        "stopped: api-plugin, auth-plugin, cache-plugin"
    );
    let expected = ["cache-plugin", "auth-plugin", "api-plugin"];
    let expected = expected.map(|name| (name.to_owned(), "stopped".to_owned()));
    assert_eq!(down(app), expected);
    assert!(done(&app.run("ps")).ends_with("\n10 of 13 plugins are ready"));
    let refusal = "error: `api-plugin` needs `auth-plugin`, which does not run: `start` it first, \
                   or `load` what is not loaded";
    assert_eq!(refused(&app.run("start api-plugin"), 8), refusal);
    for plugin in ["cache-plugin", "auth-plugin", "api-plugin"] {
        let started = app.run(&format!("start {plugin}"));
        assert_eq!(done(&started), format!("started: {plugin}"));
    }
    assert_eq!(down(app), []);
    assert_eq!(done(&app.run("stop hello-plugin")), "stopped: hello-plugin");
    assert_eq!(
        done(&app.run("start hello-plugin")),
        "started: hello-plugin"
    );
    let restarted = app.run("restart database-plugin --format json").json();
    assert_eq!(restarted["plugins"], json!(["database-plugin"]));
    let refusal = "error: there is no plugin `cash-plugin`: did you mean `cache-plugin`?";
    assert_eq!(refused(&app.run("stop cash-plugin"), 2), refusal);

    serving.signal("-TERM");
    assert_eq!(serving.end().code, Some(0));
    let audit = std::fs::read_to_string(serving.app().path("data/plugins/audit.ndjson")).unwrap();
    let asked: Vec<Value> = (audit.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["actor"] == "admin-plugin")
        .collect();
    assert_eq!(asked.len(), 10, "{asked:#?}");
    let user = asked[0]["user"].as_str().unwrap();
    assert!(user.starts_with("uid:"), "{user}");
}

#[test]
fn an_operator_sees_and_halts_schedules() {
    let serving = serving("");
    let app = serving.app();
    let listed = app.run("schedules");
    assert!(
        done(&listed).contains("\nauth-plugin  forget_revoked  active"),
        "{listed:?}"
    );
    for (action, told) in [
        (
            "pause",
            "schedule `forget_revoked` of `auth-plugin` is paused",
        ),
        (
            "resume",
            "schedule `forget_revoked` of `auth-plugin` is active",
        ),
        (
            "run",
            "a run of schedule `forget_revoked` of `auth-plugin` has begun",
        ),
        (
            "cancel",
            "schedule `forget_revoked` of `auth-plugin` is cancelled",
        ),
    ] {
        let ended = app.run(&format!("schedules {action} auth-plugin forget_revoked"));
        assert_eq!(done(&ended), told);
    }
    let refusal = "error: schedule `forget_revoked` of `auth-plugin` is cancelled";
    assert_eq!(
        refused(&app.run("schedules run auth-plugin forget_revoked"), 8),
        refusal
    );
    let refusal = "error: `auth-plugin` has no schedule `x`: it has `forget_revoked`";
    assert_eq!(refused(&app.run("schedules run auth-plugin x"), 2), refusal);
    let listed = app.run("schedules --format json").json();
    assert_eq!(listed["schedules"][0]["state"], "cancelled");
}

#[test]
fn without_a_service_every_command_says_how_to_start_one() {
    let app = App::new();
    for line in ["ps", "stop hello-plugin", "schedules"] {
        let ended = app.run(line);
        let told = refused(&ended, 7);
        assert!(
            told.starts_with("error: no service runs with the data folder `/"),
            "{told}"
        );
        assert!(
            told.contains("data/plugins`: start one with `run`"),
            "{told}"
        );
        assert_eq!(told.lines().count(), 1);
    }
    assert!(!app.path("data").exists(), "a question makes nothing");
}

/// Whoever repairs the config of a running service can still look at it.
#[test]
fn a_broken_config_hides_no_service() {
    let serving = serving("");
    let file = serving.app().path("config/plugins/hello-plugin.yaml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "hello-plugin: { enabeld: true }").unwrap();
    assert_eq!(serving.app().run("check").code, Some(3));
    assert_eq!(down(serving.app()), []);
    std::fs::write(&file, "hello-plugin: {").unwrap();
    assert_eq!(down(serving.app()), []);
    let manager = serving.app().path("config/plugin_manager.yaml");
    std::fs::write(&manager, "plugin_manager: { data_dir: [").unwrap();
    assert_eq!(down(serving.app()), []);
    let named = serving.app().run("ps --data-dir data/plugins");
    assert!(done(&named).ends_with("all ready"), "{named:?}");
}

#[test]
fn a_service_is_found_however_long_the_path_of_its_data_is() {
    let dir = "a-folder-with-a-long-name/".repeat(8);
    let serving = serving(&format!("--data-dir {dir}"));
    let ended = serving.app().run(&format!("ps --data-dir {dir}"));
    assert!(
        done(&ended).contains("\n13 plugins, all ready"),
        "{ended:?}"
    );
}
