//! `config history`, `config diff`, `config rollback`: from a config to the one before it.

use serde_json::json;

use super::App;
use super::serve::Serving;

const MANAGER: &str = "config/plugin_manager.yaml";
const HELLO: &str = "config/plugins/hello-plugin.yaml";

fn hello(message: &str) -> String {
    format!("hello-plugin: {{ config: {{ message: {message} }} }}\n")
}

/// An app that has a manager's file.
fn app(message: &str) -> App {
    App::new()
        .file(MANAGER, "plugin_manager: {}\n")
        .file(HELLO, &hello(message))
}

/// The service in this directory, after it ran once.
fn run(app: App) -> Serving {
    let mut serving = Serving::start_in(app, "", &[]);
    stop(&mut serving);
    serving
}

fn run_again(serving: &mut Serving) {
    serving.start_again(&[]);
    stop(serving);
}

fn stop(serving: &mut Serving) {
    serving.until("running");
    serving.signal("-INT");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_config_is_kept_compared_and_brought_back() {
    let mut serving = run(app("one"));
    let app = serving.app();
    std::fs::write(app.path(HELLO), hello("two")).unwrap();
    let diff = app.run("config diff");
    let line = "hello-plugin: changed, its own config\n  hello-plugin.config.message: \"one\" -> \"two\" (config/plugins/hello-plugin.yaml:1:36)\n";
    assert_eq!(diff.stdout, line, "{diff:?}");
    run_again(&mut serving);
    let app = serving.app();

    let history = app.run("config history --format json").json();
    let entries = history.as_array().unwrap();
    assert_eq!(entries.len(), 2, "{history}");
    assert_eq!(entries[1]["number"], 2);
    assert_eq!(entries[1]["by"], "start");
    assert_eq!(entries[1]["running"], true);
    assert!(
        !history.to_string().contains("message"),
        "no texts: {history}"
    );
    let diff = app.run("config diff 2 1 --format json").json();
    let changed = &diff["plugins"].as_array().unwrap().iter();
    let changed: Vec<_> = (changed.clone())
        .filter(|plugin| plugin["change"] != "unchanged")
        .collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0]["keys"][0]["new"], "one");
    assert_eq!(app.run("config diff 1 1").stdout, "nothing is different\n");

    let back = app.run("config rollback 1");
    assert_eq!(back.code, Some(0), "{back:?}");
    assert!(
        back.stdout.starts_with("config 1 holds with the next start, until a file changes; what it changes:\nhello-plugin: changed"),
        "{back:?}"
    );
    let shown = app.run("config show hello-plugin");
    assert!(
        shown
            .stdout
            .contains("generation 1: config/plugins/hello-plugin.yaml:1:36"),
        "{shown:?}"
    );
    run_again(&mut serving);
    let app = serving.app();
    let history = app.run("config history").stdout;
    let lines: Vec<&str> = history.lines().collect();
    assert_eq!(lines.len(), 4, "{history}");
    assert!(lines[1].ends_with("in the place of the files"), "{history}");
    assert!(
        lines[3].ends_with("applied last, brought back 1"),
        "{history}"
    );
    assert!(
        lines[3].contains(lines[1].split_whitespace().nth(1).unwrap()),
        "{history}"
    );

    std::fs::write(app.path(HELLO), hello("three")).unwrap();
    assert!(app.run("config show hello-plugin").stdout.contains("three"));
}

#[test]
fn a_rollback_leaves_broken_files_where_they_are() {
    let mut serving = run(app("one"));
    let app = serving.app();
    let broken = "hello-plugin: { config: { mesage: 1\n";
    std::fs::write(app.path(HELLO), broken).unwrap();
    assert_eq!(app.run("check").code, Some(3));
    assert_eq!(app.run("config diff").code, Some(3));
    assert_eq!(app.run("config rollback running").code, Some(0));
    let checked = app.run("check");
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(
        checked.stderr.contains("warning: ")
            && checked.stderr.contains("rolled back to generation 1"),
        "{checked:?}"
    );
    assert_eq!(std::fs::read_to_string(app.path(HELLO)).unwrap(), broken);
    run_again(&mut serving);
    let app = serving.app();
    // The files are what they were, so there is nothing to go back from but the choice.
    assert_eq!(
        app.run("config rollback files").code,
        Some(3),
        "it refuses what can't be started"
    );
    std::fs::write(app.path(HELLO), hello("two")).unwrap();
    assert_eq!(app.run("config rollback files").code, Some(0));
    assert!(app.run("config show hello-plugin").stdout.contains("two"));
}

#[test]
fn report_b6_a_rollback_is_taken_over_by_the_service_that_runs() {
    let mut serving = Serving::start_in(app("one"), "", &[]);
    serving.until("running");
    let reloaded = |serving: &mut Serving, configs: usize| {
        // What is logged is kept already.
        serving.log_until("config is taken over");
        let history = serving.app().run("config history --format json").json();
        assert_eq!(history.as_array().unwrap().len(), configs, "{history}");
    };
    std::fs::write(serving.app().path(HELLO), hello("two")).unwrap();
    serving.signal("-HUP");
    reloaded(&mut serving, 2);
    let back = serving.app().run("config rollback 1");
    assert!(
        back.stdout
            .starts_with("config 1 holds now, until a file changes; "),
        "{back:?}"
    );
    reloaded(&mut serving, 3);
    let diff = serving.app().run("config diff 1 running");
    assert_eq!(diff.stdout, "nothing is different\n", "{diff:?}");
    let history = serving.app().run("config history").stdout;
    assert!(
        history.trim_end().ends_with("applied last, brought back 1"),
        "{history}"
    );
    serving.signal("-INT");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let taken = ended.stderr.matches("config is taken over").count();
    assert_eq!(taken, 2, "{ended:?}");
}

#[test]
fn what_is_not_there_is_told() {
    let app = App::new();
    assert_eq!(
        app.run("config history").stdout,
        "no config was applied yet\n"
    );
    assert_eq!(app.run("config history --format json").json(), json!([]));
    let diff = app.run("config diff");
    assert_eq!(diff.code, Some(1));
    assert!(
        diff.stderr.contains("no config was applied yet"),
        "{diff:?}"
    );
    let absent = app.run("config rollback 7");
    assert_eq!(absent.code, Some(2));
    assert!(
        absent
            .stderr
            .contains("there is no config 7, for none was applied yet"),
        "{absent:?}"
    );
    let word = app.run("config diff yesterday");
    assert_eq!(word.code, Some(2));
    assert!(
        word.stderr
            .contains("expected a number that `config history` lists"),
        "{word:?}"
    );
    assert!(!app.path("data").exists(), "nothing is made");
}

#[test]
fn report_b6_a_number_that_there_is_not_is_told_with_those_that_there_are() {
    let mut serving = run(app("one"));
    std::fs::write(serving.app().path(HELLO), hello("two")).unwrap();
    run_again(&mut serving);
    for line in ["config rollback 99", "config diff 99", "config diff 1 99"] {
        let refused = serving.app().run(line);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        let told =
            "error: there is no config 99: those that are kept are 1, 2, see `config history`\n";
        assert_eq!(refused.stderr, told, "{line}");
    }
}

#[test]
fn report_b6_a_broken_choice_ends_no_history() {
    let serving = run(app("one"));
    let app = serving.app();
    std::fs::write(app.path("data/plugins/_config/rollback.json"), "{").unwrap();
    let history = app.run("config history");
    assert_eq!(history.code, Some(0), "{history:?}");
    assert!(history.stdout.contains("applied last"), "{history:?}");
    assert!(
        history.stderr.contains("so the files count") && history.stderr.contains("remove it"),
        "{history:?}"
    );
    assert_eq!(app.run("config rollback files").code, Some(0));
    let note = "note: no service runs: this is what the files say\n";
    assert_eq!(app.run("config history").stderr, note);
}

#[test]
fn after_a_reload_that_failed_the_next_start_has_the_config_that_ran_if_it_is_asked_for() {
    let manager = "plugin_manager: { on_failed_reload: rollback }\n";
    let app = app("one").file(MANAGER, manager);
    let mut serving = Serving::start_in(app, "", &[]);
    serving.until("running");
    let broken = "hello-plugin: { config: { mesage: two } }\n";
    std::fs::write(serving.app().path(HELLO), broken).unwrap();
    serving.signal("-HUP");
    serving.log_until("the config that runs is in the place of the files");
    let diff = serving.app().run("config diff running 1");
    assert_eq!(diff.stdout, "nothing is different\n", "{diff:?}");
    serving.signal("-INT");
    assert_eq!(serving.end().code, Some(0));

    run_again(&mut serving);
    let app = serving.app();
    let shown = app.run("config show hello-plugin").stdout;
    assert!(shown.contains("one"), "{shown}");
    std::fs::write(app.path(HELLO), hello("three")).unwrap();
    let shown = app.run("config show hello-plugin").stdout;
    assert!(
        shown.contains("three"),
        "a file that changes counts: {shown}"
    );
}

#[test]
fn report_i12_files_that_are_refused_are_told_while_another_config_holds() {
    let manager = "plugin_manager: { on_failed_reload: rollback }\n";
    let mut serving = Serving::start_in(app("one").file(MANAGER, manager), "", &[]);
    serving.until("running");
    let broken = "hello-plugin: { config: { mesage: two } }\n";
    std::fs::write(serving.app().path(HELLO), broken).unwrap();
    assert_eq!(serving.app().run("reload").code, Some(3));
    // What a command is refused stands in the log, too.
    serving.log_until("the config is not taken over, what held before goes on: ");
    serving.log_until("the config that runs is in the place of the files");
    let app = serving.app();
    let mistake = "hello-plugin.config.mesage: unknown key";
    let holds = "config is rolled back to generation 1: the files do not count until one of them changes, for they were refused: ";
    for line in ["reload", "reload --dry-run", "ps"] {
        let told = app.run(line);
        assert_eq!(told.code, Some(0), "{told:?}");
        let line = told.stdout.lines().find(|line| line.starts_with(holds));
        assert!(line.is_some_and(|line| line.contains(mistake)), "{told:?}");
    }
    let checked = app.run("check");
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let (in_force, files) = checked.stdout.split_once('\n').unwrap();
    assert!(
        in_force.starts_with("config 1, which is in the place of the files, is good: "),
        "{checked:?}"
    );
    assert!(files.starts_with("the files are refused:\n"), "{checked:?}");
    assert!(files.contains(mistake), "{checked:?}");
    let checked = app.run("check --format json").json();
    assert_eq!(checked["ok"], true);
    assert_eq!(checked["rolled_back_to"], 1);
    assert_eq!(checked["files"]["ok"], false);
    assert_eq!(checked["files"]["errors"][0]["kind"], "unknown_key");
    serving.signal("-INT");
    assert_eq!(serving.end().code, Some(0));
}

/// Of a reload by a signal the log tells all, in its own form.
#[test]
fn report_i12_a_signal_prints_nothing_beside_the_log() {
    let json = [("APP__LOGGER_PLUGIN__CONFIG__FORMAT", "json")];
    let mut serving = Serving::start_in(app("one"), "", &json);
    serving.until("running");
    serving.signal("-HUP");
    serving.log_until("nothing has changed");
    std::fs::write(serving.app().path(HELLO), "hello-plugin: { mesage: 1 }\n").unwrap();
    serving.signal("-HUP");
    serving.log_until("hello-plugin.mesage: unknown key");
    serving.signal("-INT");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0));
    for line in ended.stderr.lines() {
        let read = serde_json::from_str::<serde_json::Value>(line);
        assert!(read.is_ok(), "{line}");
    }
}
