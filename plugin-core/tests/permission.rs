//! Permissions as a config loader uses them, and the audit log as an operator reads it.

use std::fs;
use std::path::Path;

use plugin_core::audit::{Audit, Entry, FILE_NAME, Outcome};
use plugin_core::permission::{Grants, MissingGrants, Permission, PermissionField};
use plugin_core::{Descriptor, Hooks, Mode, Need, Source, SubscribeOptions, Subscription};
use serde_json::{Value, json};

fn entry(resource: &str, actions: &[&str]) -> Permission {
    serde_json::from_value(json!({ "resource": resource, "actions": actions }))
        .expect("both keys are there")
}

#[test]
fn every_mistake_has_its_place_and_the_valid_words() {
    let mistakes = |resource, actions| -> Vec<_> {
        let found = entry(resource, actions).mistakes();
        found
            .iter()
            .map(|mistake| (mistake.place(), mistake.to_string()))
            .collect()
    };
    let one = |place, text: &str| vec![(place, text.to_owned())];
    assert_eq!(mistakes("event_bus:user.*", &["publish", "*"]), []);
    assert_eq!(
        mistakes("servise", &["use"]),
        one(
            PermissionField::Resource,
            "unknown resource `servise`, did you mean `service`? Valid are `event_bus`, `service`, `logger`, `file`, `system`, `scheduler`",
        )
    );
    assert_eq!(
        mistakes("event_bus", &["publish", "subscibe"]),
        one(
            PermissionField::Action(1),
            "`event_bus` has no action `subscibe`, did you mean `subscribe`? Valid are `publish`, `subscribe`, `request`, `respond`, `intercept`, `*`",
        )
    );
    assert_eq!(
        mistakes("file", &["xyz"]),
        one(
            PermissionField::Action(0),
            "`file` has no action `xyz`. Valid are `read`, `write`, `*`",
        )
    );
    assert_eq!(
        mistakes("logger", &[]),
        one(
            PermissionField::Actions,
            "`logger` is granted without an action. Valid are `write`, `*`",
        )
    );
    assert_eq!(
        mistakes("logger:hello", &["write"]),
        one(
            PermissionField::Resource,
            "`logger` can't be narrowed, write `logger`",
        )
    );
    assert_eq!(
        mistakes("event_bus:", &["publish"]),
        one(
            PermissionField::Resource,
            "nothing follows the `:`, write `event_bus:user.*` for a part of `event_bus`, or `event_bus` for all of it",
        )
    );
    assert_eq!(mistakes("event_bus:user*", &["publish"]).len(), 1);
    assert_eq!(
        mistakes("file:../x", &["read"])[0].0,
        PermissionField::Resource
    );
    assert_eq!(mistakes("file:/etc", &["read", "wrte"]).len(), 2);
}

#[test]
fn unknown_keys_of_an_entry_are_errors() {
    let wrong = json!({ "resource": "logger", "actions": ["write"], "action": "write" });
    assert!(serde_json::from_value::<Permission>(wrong).is_err());
}

#[test]
fn a_refusal_at_start_names_all_needs_and_the_grants_to_add() {
    const HANDLERS: &[Subscription] = &[Subscription {
        handler: "watch",
        source: Source::Pattern("user.*"),
        mode: Mode::Inline,
        options: SubscribeOptions::DEFAULT,
        bind: |_, _| {},
    }];
    const PLUGIN: Descriptor =
        Descriptor::new("hello-plugin", "1.0.0", Hooks::new(|_| unreachable!()))
            .needs(&[
                Need::Clock,
                Need::DataDir,
                Need::Files,
                Need::System,
                Need::PublishAny,
                Need::Files,
            ])
            .subscriptions(HANDLERS);

    assert_eq!(Grants::all("hello-plugin").check(&PLUGIN), []);
    let granted = [
        entry("event_bus:user.**", &["*"]),
        entry("file:in", &["read"]),
        entry("system", &["read"]),
    ];
    assert_eq!(
        Grants::only("hello-plugin", &granted)
            .unwrap()
            .check(&PLUGIN),
        []
    );

    let granted = [
        entry("event_bus:user.login", &["subscribe"]),
        entry("logger", &["write"]),
    ];
    let denied = Grants::only("hello-plugin", &granted)
        .unwrap()
        .check(&PLUGIN);
    let objects: Vec<_> = denied
        .iter()
        .map(|one| (one.resource().as_str(), one.object()))
        .collect();
    assert_eq!(
        objects,
        [
            ("file", None),
            ("system", None),
            ("event_bus", None),
            ("event_bus", Some("user.*"))
        ]
    );

    let missing = MissingGrants::of(&denied);
    assert_eq!(
        missing.to_string(),
        r#"permissions:
  - resource: "file"
    actions: ["read"]
  - resource: "system"
    actions: ["read"]
  - resource: "event_bus"
    actions: ["publish"]
  - resource: "event_bus:user.*"
    actions: ["subscribe"]
"#
    );
    assert_eq!(
        Grants::only("hello-plugin", &missing.0)
            .unwrap()
            .check(&PLUGIN),
        []
    );
}

fn lines(data_dir: &Path) -> Vec<Value> {
    let text = fs::read_to_string(data_dir.join(FILE_NAME)).expect("the log is there");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or(Value::Null))
        .collect()
}

#[tokio::test]
async fn what_was_recorded_before_the_close_is_on_disk() {
    let data_dir = tempfile::tempdir().unwrap();
    let below = data_dir.path().join("not/yet/there");
    let audit = Audit::open(&below).unwrap();
    for number in 0..1000 {
        audit.record(
            Entry::new("manager", "start", Outcome::Done)
                .plugin("a")
                .detail(number.to_string()),
        );
    }
    audit.close().await;
    let lines = lines(&below);
    assert_eq!(lines.len(), 1000);
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(line["detail"], number.to_string());
        assert_eq!(
            line["time"].as_str().map(str::len),
            Some("2026-01-01T00:00:00.000Z".len())
        );
    }
    audit.record(Entry::new("manager", "start", Outcome::Done));
    assert_eq!(audit.lost(), 1);
    audit.close().await;
}

#[tokio::test]
async fn a_line_that_a_crash_cut_off_spoils_no_other() {
    let data_dir = tempfile::tempdir().unwrap();
    let path = data_dir.path().join(FILE_NAME);
    let before = "{\"actor\":\"manager\"}\n{\"actor\":\"man";
    fs::write(&path, before).unwrap();
    let audit = Audit::open(data_dir.path()).unwrap();
    audit.record(Entry::new("operator", "stop", Outcome::Failed));
    audit.flush().await;
    assert!(fs::read_to_string(&path).unwrap().starts_with(before));
    let lines = lines(data_dir.path());
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1], Value::Null);
    assert_eq!(lines[2]["actor"], "operator");
    assert_eq!(lines[2]["outcome"], "failed");
    assert_eq!(lines[2]["plugin"], Value::Null);
}

#[tokio::test]
async fn more_than_the_queue_holds_is_counted_and_told() {
    let data_dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(data_dir.path()).unwrap();
    const ALL: usize = 200_000;
    for _ in 0..ALL {
        audit.record(Entry::new("manager", "start", Outcome::Done));
    }
    audit.close().await;
    let lines = lines(data_dir.path());
    let written = lines
        .iter()
        .filter(|line| line["actor"] == "manager")
        .count();
    let told: u64 = lines
        .iter()
        .filter(|line| line["actor"] == "audit")
        .filter_map(|line| {
            line["detail"]
                .as_str()?
                .split(' ')
                .next()?
                .parse::<u64>()
                .ok()
        })
        .sum();
    assert_eq!(told, audit.lost());
    assert_eq!(written as u64 + audit.lost(), ALL as u64);
}

#[test]
fn a_log_that_cannot_be_opened_says_which() {
    let data_dir = tempfile::tempdir().unwrap();
    fs::create_dir(data_dir.path().join(FILE_NAME)).unwrap();
    let error = Audit::open(data_dir.path()).unwrap_err();
    assert!(error.to_string().contains(FILE_NAME));
}
