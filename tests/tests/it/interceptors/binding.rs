//! Interceptors come and go with their plugin.

use plugin_core::event::Pattern;
use plugin_core::lifecycle::Running;
use plugin_core::prelude::*;
use plugin_core::{Plugin, Stage};
use serde_json::json;

use super::fixture::{Inner, Job, Order, Outer, Worker, rig};
use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

async fn published(running: &Running) -> Vec<String> {
    running.publisher().publish(Order::new("")).await.unwrap();
    running.publisher().publish(Job::new("")).await.unwrap();
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let mut lines = journal.lines();
    journal.clear();
    lines.retain(|line| line.starts_with("inner"));
    lines
}

#[tokio::test(start_paused = true)]
async fn only_what_runs_is_in_the_chain() {
    let running = rig().start().await;
    let all = published(&running).await;
    assert_eq!(all.len(), 6, "{all:?}");
    let handle = running.handle();
    handle.stop("test-inner").await.unwrap();
    assert!(published(&running).await.is_empty());
    let left = running.bus().interceptors();
    assert!(left.iter().all(|report| report.plugin == "test-outer"));
    assert!(
        running
            .publisher()
            .try_publish(Order::new("refuse"))
            .is_ok()
    );
    handle.start("test-inner").await.unwrap();
    assert_eq!(published(&running).await, all);
    handle.restart("test-inner").await.unwrap();
    assert_eq!(published(&running).await, all, "once, not twice");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn handlers_that_come_later_are_intercepted_too() {
    let running = rig().start().await;
    running.handle().restart("test-worker").await.unwrap();
    assert_eq!(published(&running).await.len(), 6);
    let subscriber = running.subscriber();
    let _late = subscriber.subscribe(|_: &Envelope<Order>| ()).unwrap();
    let lines = published(&running).await;
    assert!(lines.contains(&"inner deliver run-time subscription".to_owned()));
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_a_mailbox_is_not_told_to_interceptors_that_stopped_meanwhile() {
    let running = rig().start().await;
    running.publisher().publish(Job::new("slow")).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    running.publisher().publish(Job::new("")).await.unwrap();
    running.handle().stop("test-inner").await.unwrap();
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let lines = journal.lines();
    let inner = |stage: &str| {
        (lines.iter())
            .filter(|line| line.starts_with(stage))
            .count()
    };
    assert_eq!(inner("inner publish"), 2);
    assert_eq!(inner("inner deliver"), 1, "of the call that began before");
    assert_eq!(inner("outer delivered"), 2);
    assert!(running.stop().await.is_clean());
}

/// A door: by its name it would come first.
struct Door;

#[plugin(name = "test-door", kind = middleware)]
impl Door {
    #[init]
    fn init() -> Self {
        Self
    }
}

#[tokio::test(start_paused = true)]
async fn what_intercepts_is_there_before_the_doors_open_and_until_the_work_is_done() {
    let rig = Rig::new(&[
        Door::DESCRIPTOR,
        Outer::DESCRIPTOR,
        Inner::DESCRIPTOR,
        Worker::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ]);
    let order: Vec<_> = (rig.composition().plugins())
        .map(|plugin| plugin.name)
        .collect();
    assert_eq!(order.last(), Some(&"test-door"));
    assert_eq!(order.get(order.len() - 2), Some(&"test-outer"));
    let running = rig.start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    running.publisher().publish(Job::new("slow")).await.unwrap();
    assert!(running.stop().await.is_clean());
    let told = "outer delivered work ok".to_owned();
    assert!(journal.lines().contains(&told), "{:?}", journal.lines());
}

#[test]
fn the_descriptor_says_what_a_plugin_intercepts() {
    let interceptors = Outer::DESCRIPTOR.interceptors;
    let stages: Vec<_> = interceptors.iter().map(|one| one.stage).collect();
    assert_eq!(stages, [Stage::Publish, Stage::Deliver, Stage::Delivered]);
    assert_eq!(
        (interceptors[0].topics, interceptors[0].priority),
        ("gate.**", 20)
    );
    assert!(Worker::DESCRIPTOR.interceptors.is_empty());
    assert_eq!(Inner::DESCRIPTOR.interceptors[0].priority, 0);
}

/// Its config would name the topics.
struct Chosen(Service<dyn Journal>, Vec<Pattern>);

#[plugin(name = "test-chosen", kind = middleware)]
impl Chosen {
    #[init]
    fn init(journal: Service<dyn Journal>, Config(topics): Config<Topics>) -> Self {
        Self(journal, topics.topics)
    }

    fn topics(&self) -> Vec<Pattern> {
        self.1.clone()
    }

    #[intercept(publish, topics = Self::topics)]
    fn seen(&self, event: &AnyEvent<'_>) {
        self.0.write(format!("inner {}", event.topic()));
    }
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Topics {
    topics: Vec<Pattern>,
}

#[tokio::test(start_paused = true)]
async fn an_instance_can_name_its_topics() {
    let rig = || Rig::new(&[Chosen::DESCRIPTOR, Worker::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let named = json!({"topics": ["gate.job", "gate.none"]});
    let running = rig().config("test-chosen", named).start().await;
    assert_eq!(published(&running).await, ["inner gate.job"]);
    let report = running.bus().interceptors().remove(0);
    assert_eq!(
        (report.topics.as_str(), report.calls),
        ("gate.job, gate.none", 1)
    );
    assert!(running.stop().await.is_clean());
    let running = rig().start().await;
    assert!(published(&running).await.is_empty());
    assert!(running.bus().interceptors().is_empty(), "no topic, no call");
    assert!(running.stop().await.is_clean());
}
