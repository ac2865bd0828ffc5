//! What each instance has of its own.

use plugin_core::Plugin;
use plugin_core::config::Sources;
use plugin_core::event::DeadLetterQuery;
use plugin_core::lifecycle::ConfigureError;
use plugin_core::prelude::*;
use serde_json::json;

use super::{Files, Ordered, Read, noted, publish, word};
use crate::rig::{Rig, status};

#[tokio::test(start_paused = true)]
async fn each_instance_gets_each_event_in_start_order() {
    let files = Files::new([("shelf@eu", word("eu")), ("shelf@us", word("us"))]);
    let running = files.start().await;
    publish(&running, 1).await;
    publish(&running, 2).await;
    // In start order: the one without a label, then by label.
    let inline = [
        "shelf 1",
        "shelf@eu 1",
        "shelf@us 1",
        "shelf 2",
        "shelf@eu 2",
        "shelf@us 2",
    ];
    assert_eq!(noted(&running, "inline "), inline);
    for name in ["shelf", "shelf@eu", "shelf@us"] {
        assert_eq!(status(&running, name).events.received, 4, "{name}");
    }
    assert!(running.stop().await.is_clean());
}

/// Hears on its own task.
struct Crew;

#[plugin(name = "instances-crew")]
impl Crew {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn heard(&self, _order: &Ordered) {}
}

#[tokio::test(start_paused = true)]
async fn replicas_share_the_events_of_their_section_and_not_those_of_other_instances() {
    let yaml = "instances-crew: {}\ninstances-crew@eu: { replicas: 2 }\n";
    let sources = Sources::new().embedded("crew.yaml", yaml);
    let running = Rig::from_sources(&[Crew::DESCRIPTOR], sources)
        .start()
        .await;
    for number in 0..6 {
        publish(&running, number).await;
    }
    let received = |name| status(&running, name).events.received;
    assert_eq!(received("instances-crew"), 6);
    assert_eq!(received("instances-crew@eu#1"), 3);
    assert_eq!(received("instances-crew@eu#2"), 3);
    let restarted = running.handle().restart("instances-crew@eu").await.unwrap();
    assert_eq!(
        restarted.plugins,
        ["instances-crew@eu#1", "instances-crew@eu#2"]
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_extension_point_has_all_instances() {
    let running = Files::new([("shelf@b", word("b")), ("shelf@a", word("a"))])
        .start()
        .await;
    let reader = running.service_of::<dyn Read>("reader").unwrap();
    assert_eq!(reader.all(), ["shelf", "shelf@a", "shelf@b"]);
    running.handle().stop("shelf@a").await.unwrap();
    assert_eq!(reader.all(), ["shelf", "shelf@b"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn schedules_and_dead_letters_are_of_an_instance() {
    let running = Files::new([("shelf@eu", word("eu"))]).start().await;
    let schedules: Vec<_> = running
        .schedules()
        .into_iter()
        .map(|one| one.plugin)
        .collect();
    assert_eq!(schedules, ["shelf", "shelf@eu"]);
    running
        .handle()
        .run_schedule("shelf@eu", "tidy")
        .await
        .unwrap();
    running.idle().await;
    while noted(&running, "tidy ").is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(noted(&running, "tidy "), ["shelf@eu"]);

    publish(&running, 13).await;
    let letters = running.dead_letters();
    let letters = letters
        .list(DeadLetterQuery::default())
        .await
        .unwrap()
        .letters;
    let mut of: Vec<_> = letters
        .iter()
        .map(|letter| letter.plugin.as_str())
        .collect();
    of.sort_unstable();
    assert_eq!(of, ["shelf", "shelf@eu"]);
    let eu = letters
        .iter()
        .find(|letter| letter.plugin == "shelf@eu")
        .unwrap();
    let before = noted(&running, "heard ").len();
    // It fails again, and no other instance is called.
    running
        .handle()
        .dead_letters()
        .replay(eu.id)
        .await
        .unwrap_err();
    assert_eq!(noted(&running, "heard ")[before..], ["shelf@eu 13"]);
    running.stop().await;
}

#[test]
fn rights_are_those_of_a_section_and_a_refusal_names_it() {
    let mut eu = word("eu");
    eu["permissions"] = json!([]);
    let refused = Files::new([("shelf@eu", eu)]).rig.configure().unwrap_err();
    let ConfigureError::Permissions(denied) = refused else {
        panic!("{refused}");
    };
    assert!(!denied.is_empty());
    assert!(
        denied
            .iter()
            .all(|one| one.to_string().contains("shelf@eu")),
        "{denied:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn each_instance_has_a_directory_and_a_line_in_the_audit_log() {
    let files = Files::new([("shelf@eu", word("eu"))]);
    let running = files.start().await;
    running.handle().restart("shelf@eu").await.unwrap();
    running.stop().await;
    assert!(files.rig.path("shelf@eu").is_dir() && files.rig.path("shelf").is_dir());
    let restarted = files
        .rig
        .audit()
        .into_iter()
        .find(|entry| entry["action"] == "restart");
    assert_eq!(restarted.unwrap()["plugin"], "shelf@eu");
}

#[tokio::test(start_paused = true)]
async fn one_instance_fails_for_itself() {
    let mut eu = word("eu");
    eu["config"]["fails"] = true.into();
    eu["start"] = json!({"policy": "ignore"});
    let running = Files::new([("shelf@eu", eu)]).start().await;
    assert_eq!(status(&running, "shelf@eu").state.to_string(), "failed");
    assert!(status(&running, "shelf").ready);
    publish(&running, 1).await;
    assert_eq!(noted(&running, "heard "), ["shelf 1"]);
    running.stop().await;
}
