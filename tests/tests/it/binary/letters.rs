//! `dead-letters`: beside the service, and without it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::serve::Serving;
use super::{App, Ended};

/// A welcome to nobody: no retry would help.
const ORDER: &str = r#"{"type": "order.created", "data": {"order_id": "A-1", "user_id": "nobody", "total_cents": 5}}"#;

/// An app whose notifications have failed once.
fn failed() -> App {
    let app = App::new();
    let ended = app.run_with("run --format json --events -", ORDER);
    assert_eq!(ended.json()["input"]["published"], 1);
    app
}

fn letters(app: &App) -> Vec<Value> {
    let page = app.run("dead-letters list --format json").json();
    page["letters"].as_array().unwrap().clone()
}

/// The letter, once it is there again: a run that has nothing else to do may end before.
fn replayed(app: &App) -> Value {
    for _ in 0..20 {
        app.run_with("run --format json --events -", "").json();
        if let [letter] = &letters(app)[..] {
            return letter.clone();
        }
    }
    panic!("it is not there again");
}

fn id(letter: &Value) -> String {
    letter["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_letter_is_listed_shown_replayed_and_dropped() {
    let app = failed();
    let [letter] = &letters(&app)[..] else {
        panic!("one letter");
    };
    assert_eq!(letter["plugin"], "notification-plugin");
    assert_eq!(letter["handler"], "confirm");
    assert_eq!(letter["attempts"], 1);
    let listed = app.run("dead-letters list --topic order.created").stdout;
    assert!(listed.contains("there is no user `nobody`"), "{listed}");
    let shown = app.run(&format!("dead-letters show {}", id(letter))).stdout;
    assert!(shown.contains(r#""order_id":"A-1""#), "{shown}");

    let asked = app.run(&format!("dead-letters replay {}", id(letter)));
    assert_eq!(asked.code, Some(0), "{asked:?}");
    assert_eq!(
        asked.stdout,
        "1 dead letter will be replayed at the next start\n"
    );
    let again = replayed(&app);
    assert_eq!(
        (&again["id"], &again["replays"]),
        (&letter["id"], &json!(1))
    );
    assert_eq!(again["key"], letter["key"]);

    let dropped = app.run("dead-letters drop --plugin notification-plugin");
    assert_eq!(dropped.stdout, "1 dead letter dropped\n");
    assert_eq!(app.run("dead-letters list").stdout, "no dead letters\n");
}

/// What is kept for a subscription that is gone from the config, or from the build, can be dropped;
/// nothing else can.
#[test]
fn report_6_what_a_subscription_left_that_is_gone_can_be_dropped() {
    let app = failed();
    let drop = "queue drop notification-plugin.confirm";
    let refused = app.run(&format!("{drop} --yes"));
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("`enabled: false`"), "{refused:?}");
    let off = || [("APP__NOTIFICATION_PLUGIN__ENABLED".to_owned(), "false")];
    let listed = app.run_set("queue", off()).stdout;
    assert!(
        listed.contains("turned off: kept until it is on"),
        "{listed}"
    );
    let told = app.run_set(drop, off());
    let would =
        "0 events and 1 dead letter of `notification-plugin.confirm(order.created)` would be";
    assert!(
        told.stdout.starts_with(would) && told.code == Some(2),
        "{told:?}"
    );
    assert_eq!(letters(&app).len(), 1);
    let whole = "queue drop notification-plugin.confirm(order.created) --yes --format json";
    let dropped = app.run_set(whole, off()).json();
    assert_eq!(
        (&dropped["dead_letters"], &dropped["dropped"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(letters(&app).len(), 0);
    let again = app.run_set(&format!("{drop} --yes"), off());
    assert!(again.stderr.contains("nothing is kept"), "{again:?}");
    assert_eq!(again.code, Some(2));
}

#[test]
fn the_queue_is_told_by_subscription() {
    let app = failed();
    let queue = app.run("queue --format json").json();
    let confirm = (queue.as_array().unwrap().iter())
        .find(|waiting| waiting["subscription"]["handler"] == "confirm")
        .unwrap();
    assert_eq!(
        (&confirm["pending"], &confirm["dead"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(confirm["subscribed"], true);
    let table = app.run("queue").stdout;
    assert!(table.contains("notification-plugin  confirm"), "{table}");
}

#[test]
fn a_running_service_replays_at_once() {
    let app = failed();
    let letter = id(&letters(&app)[0]);
    let mut serving = Serving::start_in(app, "", &[]);
    serving.until("running; Ctrl-C stops");
    let asked = serving.app().run("dead-letters replay --all");
    assert_eq!(
        asked.stdout,
        "1 dead letter replayed by the running service; those that fail again are listed again\n"
    );
    let since = Instant::now();
    loop {
        match &letters(serving.app())[..] {
            [again] if again["replays"] == json!(1) => {
                assert_eq!(id(again), letter);
                break;
            }
            _ => assert!(since.elapsed() < Duration::from_secs(10), "not replayed"),
        }
    }
    serving.signal("-TERM");
    assert_eq!(serving.end().code, Some(0));
}

#[test]
fn what_is_not_there_is_said() {
    let app = App::new();
    assert_eq!(app.run("dead-letters list").stdout, "no dead letters\n");
    for line in [
        "dead-letters show 0123456789abcdef",
        "dead-letters drop 0123456789abcdef",
    ] {
        let Ended { code, stderr, .. } = app.run(line);
        assert_eq!(code, Some(2), "{stderr}");
        assert_eq!(
            stderr,
            "error: there is no dead letter `0123456789abcdef`\n"
        );
    }
    let malformed = app.run("dead-letters show 12");
    assert!(
        malformed.stderr.contains("16 hexadecimal digits"),
        "{malformed:?}"
    );
    let nothing = app.run("dead-letters replay");
    assert_eq!(nothing.code, Some(2));
}

#[test]
fn a_second_service_of_one_queue_is_refused() {
    let mut serving = Serving::start("");
    serving.until("running; Ctrl-C stops");
    let queue = serving.app().path("data/plugins/queue-plugin/queue.db");
    let variable = (
        "APP__QUEUE_PLUGIN__CONFIG__PATH".to_owned(),
        queue.to_str().unwrap(),
    );
    let second = serving
        .app()
        .run_set("run --events - --data-dir other", [variable]);
    assert_eq!(second.code, Some(4), "{second:?}");
    assert!(
        second.stderr.contains("another process serves"),
        "{second:?}"
    );
    assert!(second.stderr.contains("queue.db"), "{second:?}");
    serving.signal("-TERM");
    assert_eq!(serving.end().code, Some(0));
}
