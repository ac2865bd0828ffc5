//! Who may operate, and what the audit log says of it.

use plugin_core::Plugin;
use plugin_core::config::Sources;
use plugin_core::prelude::*;
use plugin_core::schedule::ScheduleState;
use serde_json::json;

use super::{Clockwork, Steward, rig, wish};
use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[tokio::test(start_paused = true)]
async fn what_it_does_is_done_and_stands_in_the_audit_log_with_its_user() {
    let rig = rig(&[]);
    let running = rig.start().await;
    let wishes = running.publisher();
    for (verb, plugin) in [
        ("restart", "clockwork"),
        ("pause", "clockwork"),
        ("start", "clockwork"),
        ("stop", "clokwork"),
    ] {
        wishes.publish(wish(verb, plugin)).await.unwrap();
    }
    running.idle().await;
    assert_eq!(running.schedules()[0].state, ScheduleState::Paused);
    assert_eq!(
        running.service::<dyn Journal>().unwrap().lines(),
        [
            "done clockwork",
            "done ",
            "`clockwork` is running",
            "there is no plugin `clokwork`: did you mean `clockwork`?",
        ]
    );
    running.stop().await;
    let operations: Vec<_> = (rig.audit().into_iter())
        .filter(|line| line["actor"] == "steward")
        .map(|line| {
            let word = |key: &str| line[key].as_str().unwrap().to_owned();
            ["user", "action", "plugin", "outcome"].map(word).join(" ")
        })
        .collect();
    assert_eq!(
        operations,
        [
            "ada restart clockwork done",
            "ada schedule.pause clockwork done",
            "ada start clockwork denied",
            "ada stop clokwork denied",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn without_the_right_it_is_not_configured_and_told_what_to_write() {
    let view = json!([
        {"resource": "system", "actions": ["read"]},
        {"resource": "service:Journal", "actions": ["use"]},
        {"resource": "event_bus:operator.wish", "actions": ["subscribe"]},
    ]);
    let refused = rig(&[]).set("steward", "permissions", view).configure();
    let refused = refused.unwrap_err().to_string();
    assert_eq!(
        refused,
        "`steward` may not operate the system: grant it `system` with action `operate` in its \
         `permissions`\nin the file of `steward`, under\npermissions:\n  - resource: \"system\"\n    \
         actions: [\"operate\"]\n"
    );

    let nothing = rig(&[])
        .set("steward", "permissions", json!([]))
        .configure();
    let nothing = nothing.unwrap_err().to_string();
    let (_, advice) = nothing.split_once("under\n").unwrap();
    let indented: String = advice.lines().map(|line| format!("  {line}\n")).collect();
    let sources = Sources::new().embedded("advice", format!("steward:\n{indented}"));
    let plugins = [
        Steward::DESCRIPTOR,
        Clockwork::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ];
    let running = Rig::from_sources(&plugins, sources).start().await;
    assert!(running.stop().await.is_clean());
}

/// Operates if it may.
struct Deputy;

#[plugin(name = "deputy")]
impl Deputy {
    #[init]
    fn init(operator: Option<Operator>, journal: Service<dyn Journal>) -> Self {
        journal.write(format!("may {}", operator.is_some()));
        Self
    }
}

#[tokio::test(start_paused = true)]
async fn who_can_be_without_the_right_starts_without_it() {
    let journal = json!({"resource": "service:Journal", "actions": ["use"]});
    let operate = json!({"resource": "system", "actions": ["operate"]});
    for (permissions, may) in [
        (json!(null), "may true"),
        (json!([journal]), "may false"),
        (json!([journal, operate]), "may true"),
    ] {
        let rig = Rig::new(&[Deputy::DESCRIPTOR, Notebook::DESCRIPTOR]);
        let rig = rig.set("deputy", "permissions", permissions);
        let running = rig.start().await;
        let lines = running.service::<dyn Journal>().unwrap().lines();
        assert_eq!(lines, [may]);
        running.stop().await;
        assert!(rig.audit().iter().all(|line| line["outcome"] == "done"));
    }
}
