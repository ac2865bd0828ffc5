//! What can't be refused, what a plugin does not intercept, and what would never end.

use plugin_core::Plugin;
use plugin_core::event::PublishError;
use plugin_core::lifecycle::{PluginStarted, PluginStopped};
use plugin_core::prelude::*;

use super::fixture::rig;
use crate::heard::Heard;
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, status};

/// Would keep the manager from telling anybody.
struct Censor(Service<dyn Journal>);

#[plugin(name = "test-censor", kind = middleware)]
impl Censor {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(journal)
    }

    #[intercept(publish, topics = "plugin.*")]
    fn keep_quiet(&self, _: &AnyEvent<'_>) -> Result<()> {
        Err(Error::external("nobody is to know"))
    }

    #[intercept(deliver, topics = "plugin.*")]
    fn see(&self, delivery: &Delivery<'_>) {
        self.0
            .write(format!("deliver {}", delivery.event().topic()));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_manager_publishes_is_not_refused() {
    let running = Rig::new(&[Censor::DESCRIPTOR, Pair::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    running.idle().await;
    journal.clear();
    let (stopped, started) = (
        Heard::<PluginStopped>::on(&running),
        Heard::<PluginStarted>::on(&running),
    );
    running.handle().restart("test-pair").await.unwrap();
    running.idle().await;
    assert_eq!((stopped.take().len(), started.take().len()), (1, 1));
    let lines = journal.lines();
    for topic in ["plugin.stopped", "plugin.started"] {
        let seen = format!("deliver {topic}");
        assert!(lines.contains(&seen), "it is delivered as any: {lines:?}");
    }
    assert!(running.stop().await.is_clean());
}

/// Declares an event, and a plugin whose interceptor publishes another one for each.
macro_rules! turns {
    ($plugin:ident, $name:literal, ($event:ident, $topic:literal) => $other:ident) => {
        #[event($topic)]
        #[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
        struct $event {}

        struct $plugin(Publisher<$other>);

        #[plugin(name = $name, kind = middleware)]
        impl $plugin {
            #[init]
            fn init(other: Publisher<$other>) -> Self {
                Self(other)
            }

            #[intercept(publish, topics = $topic)]
            fn turn(&self, _: &AnyEvent<'_>) -> Result<()> {
                Ok(self.0.try_publish($other::default())?)
            }
        }
    };
}

turns!(Clockwise, "test-clockwise", (Left, "circle.left") => Right);
turns!(Counter, "test-counter", (Right, "circle.right") => Left);

#[tokio::test(start_paused = true)]
async fn two_that_publish_what_the_other_intercepts_end_with_a_refusal() {
    let running = Rig::new(&[Clockwise::DESCRIPTOR, Counter::DESCRIPTOR])
        .start()
        .await;
    let error = running.publisher().publish(Left {}).await.unwrap_err();
    assert!(matches!(error, PublishError::Refused { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("times within itself"), "{text}");
    // Each call published an event, and none of these passed.
    let calls: u64 = (running.bus().interceptors().iter())
        .map(|report| report.calls)
        .sum();
    let refused = ["test-clockwise", "test-counter"].map(|name| status(&running, name).events);
    assert!(calls > 0);
    assert_eq!(
        refused[0].dropped.refused + refused[1].dropped.refused,
        calls
    );
    assert_eq!((refused[0].published, refused[1].published), (0, 0));
    assert!(running.stop().await.is_clean());
}

#[event("gate.pair")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Paired {}

/// Of which there are two.
struct Pair;

#[plugin(name = "test-pair")]
impl Pair {
    #[init]
    fn init() -> Self {
        Self
    }

    #[intercept(deliver, topics = "gate.pair")]
    fn own(&self, _: &Delivery<'_>) -> Result<()> {
        Err(Error::external("it is ours"))
    }

    #[subscribe]
    async fn pair(&self, _: &Paired) {}
}

#[tokio::test(start_paused = true)]
async fn instances_of_one_plugin_do_not_intercept_each_other() {
    let plugins: Vec<_> = (rig().composition().plugins())
        .chain([Pair::DESCRIPTOR])
        .collect();
    let running = Rig::new(&plugins)
        .set("test-pair", "replicas", 2)
        .start()
        .await;
    for _ in 0..4 {
        running.publisher().publish(Paired {}).await.unwrap();
    }
    running.idle().await;
    let reports = running.bus().interceptors();
    let own: Vec<_> = (reports.iter().filter(|one| one.interceptor == "own"))
        .map(|one| one.calls)
        .collect();
    assert_eq!(own, [0, 0]);
    let journal = running.service::<dyn Journal>().unwrap();
    let lines = journal.lines();
    let asked = lines.iter().filter(|line| *line == "outer deliver pair #1");
    assert_eq!(asked.count(), 4, "but others do: {lines:?}");
    assert!(running.dead_letters().in_memory() == 0);
    assert!(running.stop().await.is_clean());
}
