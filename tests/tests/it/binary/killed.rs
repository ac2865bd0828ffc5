//! A service that is killed while another config is taken over: the next start has the config of
//! before or the new one, and each of them whole.
//!
//! `CRASH_KILLS` says how often it is killed, `CRASH_SEED` when; `cargo xtask crash-test` sets both.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::serve::Serving;
use super::{App, binary};
use crate::durable::crash::{Random, number, wait};

/// Kills in the short form.
const KILLS: u64 = 6;

/// Longest time from the command to the kill, in milliseconds.
const LONGEST: u64 = 80;

const FILE: &str = "config/plugin_manager.yaml";

/// A file with the sections of two plugins, which belong together.
fn both(number: u64) -> String {
    let message = format!("hello-plugin: {{ config: {{ message: \"number {number}\" }} }}");
    let entries = format!(
        "cache-plugin: {{ config: {{ max_entries: {} }} }}",
        1_000 + number
    );
    format!("{message}\n{entries}\n")
}

/// As an editor saves it.
fn save(app: &App, number: u64) {
    let draft = app.path("config/draft");
    std::fs::write(&draft, both(number)).unwrap();
    std::fs::rename(draft, app.path(FILE)).unwrap();
}

/// The configs that were applied, each of which has to be whole.
fn history(app: &App) -> Vec<Value> {
    let history = app.run("config history --format json");
    assert_eq!(history.stderr, "", "{history:?}");
    history.json().as_array().unwrap().clone()
}

/// What tells the config that was applied last from others.
fn digest(entries: &[Value]) -> Value {
    entries.last().unwrap()["digest"].clone()
}

/// What config says now: the number of each of the two sections.
fn numbers(app: &App) -> [String; 2] {
    let value = |plugin: &str, key: &str| {
        let shown = app
            .run(&format!("config show {plugin} --format json"))
            .json();
        let mut values = shown.as_array().unwrap().iter();
        let found = values.find(|value| value["key"] == format!("{plugin}.config.{key}"));
        found.unwrap()["value"].to_string()
    };
    [
        value("hello-plugin", "message")
            .replace("\"number ", "")
            .replace('"', ""),
        (value("cache-plugin", "max_entries").parse::<u64>().unwrap() - 1_000).to_string(),
    ]
}

/// The plugins that run; each has to be ready.
fn ready(app: &App) -> usize {
    let status = app.run("ps --format json").json();
    assert_eq!(status["ready"], true, "{status}");
    status["plugins"].as_array().unwrap().len()
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the seed that makes the same kills again"
)]
fn report_a3_a_kill_during_a_reload_leaves_the_config_of_before_or_the_new_one() {
    let kills = number("CRASH_KILLS").unwrap_or(KILLS);
    let seed = number("CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("CRASH_SEED={seed} CRASH_KILLS={kills}");
    let mut random = Random(seed | 1);
    let mut serving = Serving::start_in(App::new().file(FILE, &both(0)), "", &[]);
    serving.until("running");
    let all = ready(serving.app());
    save(serving.app(), 1);
    assert_eq!(serving.app().run("reload").code, Some(0));
    let known: Vec<_> = history(serving.app())
        .iter()
        .map(|entry| entry["digest"].clone())
        .collect();
    assert_eq!(known.len(), 2);
    let (mut plugins, mut taken) = (all, 0);
    for kill in 0..kills {
        let app = serving.app();
        let (entries, before) = (history(app), numbers(app));
        let line = match kill % 3 {
            0 => {
                save(app, kill % 2);
                "reload".to_owned()
            }
            1 => {
                let applied = digest(&entries);
                let mut others = entries.iter().rev();
                let other = others.find(|entry| entry["digest"] != applied).unwrap();
                format!("config rollback {}", other["number"])
            }
            _ if plugins == all => "disable file-plugin".to_owned(),
            _ => "enable file-plugin".to_owned(),
        };
        let mut command = Command::new(binary())
            .args(line.split(' '))
            .current_dir(app.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait(Duration::from_millis(random.next() % LONGEST));
        serving.signal("-KILL");
        serving.end();
        command.wait().unwrap();

        serving.start_again(&[]);
        serving.until("running");
        let app = serving.app();
        let applied = digest(&history(app));
        assert!(
            known.contains(&applied),
            "{line}: {applied} is none of {known:?}"
        );
        let [one, other] = numbers(app);
        assert_eq!(one, other, "{line}: a mixture");
        let now = ready(app);
        let may_differ = kill % 3 == 2;
        assert!(
            now == plugins || may_differ && [all, all - 1].contains(&now),
            "{line}: {now}"
        );
        let is_other = now != plugins || numbers(app) != before;
        taken += u64::from(is_other);
        plugins = now;
    }
    println!("{taken} of {kills} starts had the new config");
}
