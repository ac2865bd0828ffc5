//! A config that changes while the service runs, and plugins that go and come.

use super::{done, down, refused, serving};

const FILE: &str = "config/plugins/hello-plugin.yaml";

fn write(app: &super::App, text: &str) {
    let file = app.path(FILE);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, text).unwrap();
}

fn words(text: &str) -> Vec<String> {
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect()
}

/// The owner finds the service again with the next life of the plugin, which takes all else over
/// from the one before.
#[test]
fn a_socket_that_somebody_removed_comes_back_with_a_restart() {
    let mut serving = serving("");
    let socket = serving.app().path("data/plugins/admin-plugin/admin.sock");
    std::fs::remove_file(&socket).unwrap();
    assert_eq!(serving.app().run("ps").code, Some(7));
    let text = "admin-plugin: { config: { max_streams: 7 } }\n";
    let file = serving.app().path("config/plugins/admin-plugin.yaml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
    serving.signal("-HUP");
    serving.log_until("config is taken over");
    assert_eq!(down(serving.app()), []);
}

#[test]
fn a_changed_file_is_planned_and_taken_over_and_a_broken_one_is_not() {
    let serving = serving("");
    let app = serving.app();
    assert_eq!(done(&app.run("reload")), "nothing has changed");
    write(
        app,
        "hello-plugin: { timeout: 7s, config: { message: hi } }",
    );
    let plan = app.run("reload --dry-run");
    let plan = words(done(&plan));
    assert_eq!(plan[0], "instance would ms because of");
    assert!(
        plan[1].starts_with("hello-plugin restart hello-plugin."),
        "{plan:?}"
    );
    assert_eq!(plan.len(), 2, "{plan:?}");
    let ended = app.run("reload hello-plugin");
    let told = words(done(&ended));
    assert_eq!(told[0], "instance did ms because of");
    assert!(told[1].starts_with("hello-plugin restart "), "{told:?}");
    assert_eq!(done(&app.run("reload --dry-run")), "nothing would change");

    write(app, "hello-plugin:\n  enabeld: true\n  timeout: 30\n");
    let ended = app.run("reload");
    let told = refused(&ended, 3);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "error:");
    assert_eq!(
        lines[1],
        "the config is not taken over, what held before goes on"
    );
    assert!(
        told.contains("hello-plugin.yaml:2:3: hello-plugin.enabeld: unknown key"),
        "{told}"
    );
    assert!(
        told.contains("hello-plugin.yaml:3:12: hello-plugin.timeout"),
        "{told}"
    );
    assert_eq!(down(app), []);
}

#[test]
fn a_plugin_is_taken_out_and_brought_back() {
    let mut serving = serving("");
    let app = serving.app();
    let count = |app: &super::App| {
        let status = app.run("ps --format json").json();
        status["plugins"].as_array().unwrap().len()
    };
    assert!(
        refused(&app.run("unload cache-plugin"), 8).contains("stay, which can't be without it")
    );
    let plan = app.run("unload cache-plugin --cascade --dry-run");
    assert_eq!(words(done(&plan)).len(), 4, "{plan:?}");
    assert_eq!(count(app), 13);
    let ended = app.run("disable file-plugin");
    assert!(
        words(done(&ended))[1].starts_with("file-plugin unload "),
        "{ended:?}"
    );
    assert_eq!(count(app), 12);
    serving.signal("-TERM");
    assert_eq!(serving.end().code, Some(0));
    serving.start_again(&[]);
    serving.until("running; Ctrl-C stops");
    let app = serving.app();
    assert_eq!(count(app), 12, "it is disabled at each start");
    let ended = app.run("enable file-plugin");
    assert!(
        words(done(&ended))[1].starts_with("file-plugin load "),
        "{ended:?}"
    );
    assert_eq!(count(app), 13);
}
