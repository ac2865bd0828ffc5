//! The commands of README.md, run as they stand there, and their output compared.
//!
//! `…` in README stands for anything: for some lines where it is alone in one, else for a part of a
//! line. Numbers with a point and the width of columns differ from run to run and are not compared.

use std::io::Read as _;
use std::process::Command;

use super::serve::Serving;
use super::{App, binary};

/// Commands that a test can't run, each with the reason. A command that is neither here nor begins
/// with `cargo run` fails the test below.
const NOT_RUN: [(&str, &str); 13] = [
    ("cargo xtask test", "it runs this test"),
    (
        "curl ",
        "it needs port 8080; `serve.rs` and `accounts.rs` ask the same",
    ),
    (
        "cargo run -- config set admin-plugin",
        "it needs port 9091; `admin/remote.rs` does the same",
    ),
    ("'config.tokens=", "the second line of a command"),
    (
        "cargo run -- ps --url",
        "it needs port 9091; `admin/remote.rs` does the same",
    ),
    (
        "cargo xtask new-plugin weather",
        "it changes the sources; `cargo xtask test matrix` does so",
    ),
    (
        "cargo run -- explain weather-plugin",
        "the plugin is made by the command before it",
    ),
    (
        "APP__LOGGER_PLUGIN__CONFIG__LEVEL=info cargo run",
        "a line of another command's output",
    ),
    ("$EDITOR", "a line of another command's output"),
    (
        "cargo check -p app --no-default-features",
        "it builds; `cargo xtask test matrix` does so",
    ),
    (
        "cargo run --no-default-features",
        "it builds; `cargo xtask test matrix` does so",
    ),
    (
        "cargo xtask demo --lines",
        "100,000 events take a minute; `cargo xtask soak` runs more",
    ),
    ("-d '", "the second line of a `curl`"),
];

/// What has to be there before a command, by the line of README above its block.
const FILES: [(&str, &str); 2] = [
    (
        "If the config has mistakes,",
        "hello-plugin:\n  version: \"^1\"\n  enabeld: true\n  resources:\n    tasks: 100\n  \
         timeout: 30\n  permissions:\n    - resource: \"event_bus\"\n      \
         actions: [\"publish\", \"subscribe\"]\n  config:\n    message: \"${GREETING}\"\n",
    ),
    (
        "If a plugin lacks a right,",
        "hello-plugin:\n  permissions:\n    - resource: \"event_bus\"\n      \
         actions: [\"subscribe\"]\n",
    ),
];

/// A command and what README says of its output, with the line of text before the block.
#[derive(Debug)]
struct Shown {
    before: String,
    command: String,
    output: Vec<String>,
}

/// The commands of all blocks for a shell: each line of `sh`, and what follows a `$` in `text`.
fn commands(text: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let (mut block, mut before, mut is_output) = (None, String::new(), false);
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            (block, is_output) = (block.is_none().then_some(kind), false);
            continue;
        }
        let command = match block {
            None if line.is_empty() => continue,
            None => {
                line.clone_into(&mut before);
                continue;
            }
            Some("sh") => Some(line.trim_start()),
            Some("text") => line.strip_prefix("$ "),
            Some(_) => None,
        };
        if let Some(command) = command {
            is_output = block == Some("text");
            shown.push(Shown {
                before: before.clone(),
                command: uncommented(command).to_owned(),
                output: Vec::new(),
            });
        } else if let Some(last) = shown.last_mut().filter(|_| is_output) {
            last.output.push(normal(line));
        }
    }
    shown
}

fn uncommented(command: &str) -> &str {
    command.split("  #").next().unwrap_or(command).trim_end()
}

/// A line without what differs from run to run.
fn normal(line: &str) -> String {
    let words = line.split_whitespace().map(|word| {
        let is_measured = word.contains('.') && word.parse::<f64>().is_ok();
        if is_measured { "#" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn matches(expected: &[String], actual: &[String]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((line, rest)) if line == "…" => {
            (0..=actual.len()).any(|skipped| matches(rest, &actual[skipped..]))
        }
        Some((line, rest)) => {
            let first = actual.split_first();
            first.is_some_and(|(read, more)| is_like(line, read) && matches(rest, more))
        }
    }
}

fn is_like(expected: &str, actual: &str) -> bool {
    let Some((start, rest)) = expected.split_once('…') else {
        return expected == actual;
    };
    let Some(actual) = actual.strip_prefix(start) else {
        return false;
    };
    let mut ends = actual.char_indices().map(|(at, _)| at);
    ends.any(|at| is_like(rest, &actual[at..])) || is_like(rest, "")
}

/// Commands that ask the running service.
const ASKS: [&str; 7] = [
    "ps",
    "start",
    "stop",
    "restart",
    "reload",
    "disable",
    "schedules",
];

fn asks(shown: &Shown) -> bool {
    let words = shown
        .command
        .strip_prefix("cargo run -- ")
        .unwrap_or_default();
    words
        .split(' ')
        .next()
        .is_some_and(|word| ASKS.contains(&word))
}

/// Runs a command in an empty directory with the demo in it; both streams, in their order.
fn run(shown: &Shown, variables: &[(&str, String)]) -> Vec<String> {
    let day = std::fs::read_to_string(super::repository("demo/day.ndjson")).unwrap();
    let mut app = App::new().file("demo/day.ndjson", &day);
    for (before, file) in FILES {
        if shown.before.starts_with(before) {
            app = app.file("config/plugins/hello-plugin.yaml", file);
        }
    }
    let lines = run_in(&app, shown, variables);
    let left = std::fs::read_dir(app.path("")).unwrap().count();
    if shown.command.contains("demo/day.ndjson") {
        assert_eq!(left, 1, "the demo leaves nothing in the directory");
    }
    lines
}

/// Runs a command in the directory of an app.
fn run_in(app: &App, shown: &Shown, variables: &[(&str, String)]) -> Vec<String> {
    let (own, words) = shown.command.split_once("cargo run").unwrap();
    let own = own
        .split_whitespace()
        .filter_map(|pair| pair.split_once('='));
    let words = words.strip_prefix(" --").unwrap_or(words);
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = Command::new(binary());
    command
        .args(words.split_whitespace())
        .current_dir(app.path(""))
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .envs(own)
        .stdout(writer.try_clone().unwrap())
        .stderr(writer);
    let mut child = command.spawn().unwrap();
    // Its ends of the pipe go with it.
    drop(command);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    child.wait().unwrap();
    text.lines().map(normal).collect()
}

fn readme() -> Vec<Shown> {
    let text = std::fs::read_to_string(super::repository("README.md")).unwrap();
    commands(&text)
}

fn is_run(shown: &Shown) -> bool {
    !NOT_RUN
        .iter()
        .any(|(start, _)| shown.command.starts_with(start))
}

#[test]
fn report_d_each_command_of_readme_is_run_or_has_a_reason() {
    let shown = readme();
    for (start, reason) in NOT_RUN {
        let used = shown.iter().any(|shown| shown.command.starts_with(start));
        let is_output = reason.contains("output");
        assert!(used || is_output, "`{start}` is not in README any more");
    }
    let run: Vec<_> = shown.iter().filter(|shown| is_run(shown)).collect();
    assert!(run.len() >= 6, "{run:?}");
    for shown in run {
        assert!(
            shown.command.contains("cargo run"),
            "no test knows how to run {shown:?}"
        );
        assert!(
            !shown.output.is_empty(),
            "README shows no output of {shown:?}"
        );
    }
}

#[test]
fn report_d_the_commands_of_readme_print_what_it_says() {
    for shown in readme().iter().filter(|shown| is_run(shown)) {
        if shown.command == "cargo run" || asks(shown) {
            continue;
        }
        let actual = run(shown, &[]);
        assert!(matches(&shown.output, &actual), "{shown:#?}\n{actual:#?}");
    }
}

#[test]
fn report_d_what_readme_says_of_a_service_is_what_it_prints() {
    let shown = readme();
    let mut services = shown.iter().filter(|shown| shown.command == "cargo run");
    let started = services.next().unwrap();
    let mut serving = Serving::start("");
    let text = serving.until("running; Ctrl-C stops");
    let actual: Vec<_> = text.lines().map(normal).collect();
    assert!(
        matches(&started.output, &actual),
        "{started:#?}\n{actual:#?}"
    );
    for asked in shown.iter().filter(|shown| is_run(shown) && asks(shown)) {
        let actual = run_in(serving.app(), asked, &[]);
        assert!(matches(&asked.output, &actual), "{asked:#?}\n{actual:#?}");
    }
    serving.signal("-TERM");
    assert_eq!(serving.end().code, Some(0));

    let taken = services.next().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap().to_string();
    let variables = [("APP__API_PLUGIN__CONFIG__ADDRESS", address.clone())];
    let actual: Vec<_> = (run(taken, &variables).iter())
        .map(|line| line.replace(&address, "127.0.0.1:8080"))
        .collect();
    assert!(matches(&taken.output, &actual), "{taken:#?}\n{actual:#?}");
}
