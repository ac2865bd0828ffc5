//! `enable_hot_reload`: changed files are taken over while the service runs.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use super::{App, binary};

const HELLO: &str = "config/plugins/hello-plugin.yaml";

/// The app while it runs, with its log.
struct Watched {
    app: App,
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Watched {
    fn start() -> Self {
        let manager = "plugin_manager: { enable_hot_reload: true, watch_interval: 50ms }\n";
        let app = App::new()
            .file("config/plugin_manager.yaml", manager)
            .file(HELLO, &hello("one"));
        let mut child = Command::new(binary())
            .current_dir(app.path(""))
            .env("APP__API_PLUGIN__CONFIG__ADDRESS", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(out.any(|line| line.unwrap().starts_with("running")));
        Self { app, child, log }
    }

    fn write(&self, text: &str) {
        std::fs::write(self.app.path(HELLO), text).unwrap();
    }

    /// Reads the log up to a line that holds a text; that line is the last of what it returns.
    fn until(&mut self, text: &str) -> Vec<String> {
        let mut read = Vec::new();
        loop {
            let mut line = String::new();
            let length = self.log.read_line(&mut line).unwrap();
            assert!(length > 0, "it ended: {read:#?}");
            read.push(line.trim_end().to_owned());
            if line.contains(text) {
                return read;
            }
        }
    }

    /// Stops it; what is left of its log.
    fn end(mut self) -> String {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(sent.success());
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{rest}");
        rest
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It has ended, or a test failed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn hello(message: &str) -> String {
    format!("hello-plugin: {{ config: {{ message: {message} }} }}\n")
}

#[test]
fn a_changed_file_is_taken_over_and_a_broken_one_is_told_once() {
    let mut watched = Watched::start();
    watched.write(&hello("two"));
    watched.until("config files have changed");
    let taken = watched.until("config is taken over");
    assert!(taken.last().unwrap().contains("hello-plugin"), "{taken:#?}");

    let broken = "hello-plugin: { config: { mesage: three } }\n";
    watched.write(broken);
    let refused = watched.until("what held before goes on");
    let line = refused.last().unwrap();
    assert!(
        line.contains(
            "config/plugins/hello-plugin.yaml:1:27: hello-plugin.config.mesage: unknown key"
        ),
        "{line}"
    );
    // Saved again as it was: there is nothing new to tell.
    watched.write(broken);
    watched.write(&hello("four"));
    let taken = watched.until("config is taken over");
    let told = taken.iter().filter(|line| line.contains("goes on")).count();
    assert_eq!(told, 0, "{taken:#?}");
    let rest = watched.end();
    assert!(!rest.contains("config files have changed"), "{rest}");
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
