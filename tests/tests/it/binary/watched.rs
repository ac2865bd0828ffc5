//! `enable_hot_reload`: changed files are taken over while the service runs.

use super::App;
use super::serve::Serving;

const HELLO: &str = "config/plugins/hello-plugin.yaml";

fn hello(message: &str) -> String {
    format!("hello-plugin: {{ config: {{ message: {message} }} }}\n")
}

#[test]
fn a_changed_file_is_taken_over_and_a_broken_one_is_told_once() {
    let manager = "plugin_manager: { enable_hot_reload: true, watch_interval: 50ms }\n";
    let app = App::new()
        .file("config/plugin_manager.yaml", manager)
        .file(HELLO, &hello("one"));
    let mut serving = Serving::start_in(app, "", &[]);
    serving.until("running");
    let file = serving.app().path(HELLO);
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    write(&hello("two"));
    serving.log_until("config files have changed");
    let taken = serving.log_until("config is taken over");
    assert!(
        taken.lines().last().unwrap().contains("hello-plugin"),
        "{taken}"
    );

    let broken = "hello-plugin: { config: { mesage: three } }\n";
    write(broken);
    let refused = serving.log_until("what held before goes on");
    let line = refused.lines().last().unwrap();
    assert!(
        line.contains(
            "what held before goes on: config/plugins/hello-plugin.yaml:1:27: hello-plugin.config.mesage: unknown key"
        ),
        "{line}"
    );
    // Saved again as it was: there is nothing new to tell.
    write(broken);
    write(&hello("four"));
    let taken = serving.log_until("config is taken over");
    assert!(!taken.contains("goes on"), "{taken}");
    serving.signal("-INT");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let (_, rest) = ended.stderr.rsplit_once("config is taken over").unwrap();
    assert!(!rest.contains("config files have changed"), "{rest}");
}

#[test]
fn report_b8_watching_is_turned_on_and_off_by_a_reload() {
    const MANAGER: &str = "config/plugin_manager.yaml";
    let manager =
        |on: bool| format!("plugin_manager: {{ enable_hot_reload: {on}, watch_interval: 50ms }}\n");
    let app = App::new()
        .file(MANAGER, &manager(false))
        .file(HELLO, &hello("one"));
    let mut serving = Serving::start_in(app, "", &[]);
    serving.until("running");
    let write = |serving: &Serving, path: &str, text: &str| {
        std::fs::write(serving.app().path(path), text).unwrap();
    };
    write(&serving, MANAGER, &manager(true));
    let ended = serving.app().run("reload");
    assert_eq!(
        ended.stdout, "changed, and in force: plugin_manager.enable_hot_reload\n",
        "no key holds later: {ended:?}"
    );
    write(&serving, HELLO, &hello("two"));
    serving.log_until("config is taken over");
    // Turned off by the file itself, which is the last one that is taken over.
    write(&serving, MANAGER, &manager(false));
    serving.log_until("config files have changed");
    serving.log_until("the manager takes over config");
    write(&serving, HELLO, &hello("three"));
    let ended = serving.app().run("reload");
    assert!(
        ended.stdout.contains("hello-plugin"),
        "nobody was faster: {ended:?}"
    );
}

#[test]
fn who_turns_it_on_without_the_plugin_is_told() {
    let app = App::new()
        .file(
            "config/plugin_manager.yaml",
            "plugin_manager: { enable_hot_reload: true }\n",
        )
        .file(
            "config/plugins/watch-plugin.yaml",
            "watch-plugin: { enabled: false }\n",
        );
    let checked = app.run("check");
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(
        checked
            .stderr
            .contains("changed files are not taken over, for `watch-plugin` is off"),
        "{checked:?}"
    );
}
