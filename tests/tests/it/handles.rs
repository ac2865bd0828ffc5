//! Handles of services: one provider, perhaps one, or all by priority; and what a handle leads to
//! when its provider is replaced.

mod borrowed;
mod unloaded;

use std::sync::Arc;

use plugin_core::Plugin;
use plugin_core::lifecycle::{OperationError, Running};
use plugin_core::prelude::*;
use tokio::sync::Semaphore;

use crate::rig::Rig;

/// Counts the calls of one provider's life.
#[service]
trait Counter {
    /// Counts, and returns how many calls there were.
    async fn count(&self) -> u32;

    /// Waits for a permit, then says which life of the provider it was.
    async fn wait(&self, gate: Arc<Semaphore>) -> u32;
}

struct Counting {
    calls: std::sync::atomic::AtomicU32,
}

#[plugin(name = "handles-counting", provides(Counter))]
impl Counting {
    #[init]
    fn init() -> Self {
        Self { calls: 0.into() }
    }
}

#[service]
impl Counter for Counting {
    async fn count(&self) -> u32 {
        self.calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1
    }

    async fn wait(&self, gate: Arc<Semaphore>) -> u32 {
        gate.acquire().await.expect("nobody closes it").forget();
        self.count().await
    }
}

/// Asks through a handle of its own, or without one says 0.
#[event("handles.ask")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Ask;

#[event("handles.answer")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Answer {
    text: String,
}

struct Asker {
    counter: Service<dyn Counter>,
    answer: Publisher<Answer>,
}

#[plugin(name = "handles-asker")]
impl Asker {
    #[init]
    fn init(counter: Service<dyn Counter>, answer: Publisher<Answer>) -> Self {
        Self { counter, answer }
    }

    #[subscribe]
    async fn ask(&self, _ask: &Ask) -> Result<()> {
        let text = self.counter.count().await.to_string();
        self.answer.publish(Answer { text }).await?;
        Ok(())
    }
}

struct Content {
    counter: Option<Service<dyn Counter>>,
    answer: Publisher<Answer>,
}

#[plugin(name = "handles-content")]
impl Content {
    #[init]
    fn init(counter: Option<Service<dyn Counter>>, answer: Publisher<Answer>) -> Self {
        Self { counter, answer }
    }

    #[subscribe]
    async fn ask(&self, _ask: &Ask) -> Result<()> {
        let text = match &self.counter {
            Some(counter) => counter.count().await.to_string(),
            None => "nobody counts".to_owned(),
        };
        self.answer.publish(Answer { text }).await?;
        Ok(())
    }
}

async fn ask(running: &Running) -> Vec<String> {
    let answers = crate::heard::Heard::<Answer>::on(running);
    running.publisher().publish(Ask).await.unwrap();
    running.idle().await;
    answers
        .take()
        .into_iter()
        .map(|answer| answer.text)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_handle_survives_the_restart_of_its_provider() {
    let running = Rig::new(&[Asker::DESCRIPTOR, Counting::DESCRIPTOR])
        .start()
        .await;
    assert_eq!(ask(&running).await, ["1"]);
    assert_eq!(ask(&running).await, ["2"]);
    let own = running.service::<dyn Counter>().unwrap();
    running.handle().restart("handles-counting").await.unwrap();
    assert_eq!(
        ask(&running).await,
        ["1"],
        "the new one has counted nothing"
    );
    assert_eq!(own.count().await, 2, "the owner's handle leads there too");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_runs_keeps_the_provider_that_it_began_with() {
    let running = Rig::new(&[Counting::DESCRIPTOR]).start().await;
    let counter = running.service::<dyn Counter>().unwrap();
    counter.count().await;
    let gate = Arc::new(Semaphore::new(0));
    let (caller, held) = (counter.clone(), Arc::clone(&gate));
    let mut calls = tokio::task::JoinSet::new();
    calls.spawn(async move { caller.wait(held).await });
    tokio::task::yield_now().await;
    running.handle().restart("handles-counting").await.unwrap();
    gate.add_permits(1);
    assert_eq!(
        calls.join_all().await,
        [2],
        "the old one, which had counted"
    );
    assert_eq!(counter.count().await, 1, "the new one");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_needed_is_not_stopped_and_one_that_is_wished_for_is() {
    let needed = Rig::new(&[Asker::DESCRIPTOR, Counting::DESCRIPTOR])
        .start()
        .await;
    let refused = needed.handle().stop("handles-counting").await;
    assert!(matches!(refused, Err(OperationError::Needed { .. })));
    needed.stop().await;
    let wished = Rig::new(&[Content::DESCRIPTOR, Counting::DESCRIPTOR])
        .start()
        .await;
    wished.handle().stop("handles-counting").await.unwrap();
    wished.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_wished_for_may_be_there_or_not() {
    let alone = Rig::new(&[Content::DESCRIPTOR]).start().await;
    assert_eq!(ask(&alone).await, ["nobody counts"]);
    alone.stop().await;
    let together = Rig::new(&[Content::DESCRIPTOR, Counting::DESCRIPTOR]);
    let running = together.start().await;
    let first = running.start_report().plugins[0].name;
    assert_eq!(first, "handles-counting", "it starts first, if it is there");
    assert_eq!(ask(&running).await, ["1"]);
    running.stop().await;
    let running = together
        .set("handles-counting", "enabled", false)
        .start()
        .await;
    assert_eq!(ask(&running).await, ["nobody counts"]);
    running.stop().await;
}

/// A greeting, of which a system has as many as there are plugins for it.
#[service(many)]
trait Greeting {
    fn greet(&self) -> &'static str;
}

/// Declares a provider of a greeting.
macro_rules! greeter {
    ($type:ident, $name:literal, $priority:literal, $text:literal) => {
        struct $type;

        #[plugin(name = $name, provides(Greeting(priority = $priority)))]
        impl $type {
            #[init]
            fn init() -> Self {
                Self
            }
        }

        impl Greeting for $type {
            fn greet(&self) -> &'static str {
                $text
            }
        }
    };
}

greeter!(Low, "handles-a-low", 1, "low");
greeter!(High, "handles-c-high", 10, "high");
greeter!(AlsoLow, "handles-b-low", 1, "also low");

struct Host {
    greetings: Services<dyn Greeting>,
    answer: Publisher<Answer>,
}

#[plugin(name = "handles-host")]
impl Host {
    #[init]
    fn init(greetings: Services<dyn Greeting>, answer: Publisher<Answer>) -> Self {
        Self { greetings, answer }
    }

    #[subscribe]
    async fn ask(&self, _ask: &Ask) -> Result<()> {
        for provider in self.greetings.providers() {
            let text = format!("{} of {}", provider.greet(), provider.plugin());
            self.answer.publish(Answer { text }).await?;
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn all_providers_come_by_priority_then_in_start_order() {
    let running = Rig::new(&[
        Host::DESCRIPTOR,
        Low::DESCRIPTOR,
        AlsoLow::DESCRIPTOR,
        High::DESCRIPTOR,
    ])
    .start()
    .await;
    let all = [
        "high of handles-c-high",
        "low of handles-a-low",
        "also low of handles-b-low",
    ];
    assert_eq!(ask(&running).await, all);
    let manager = running.handle();
    manager.stop("handles-c-high").await.unwrap();
    assert_eq!(ask(&running).await, all[1..], "one that stopped is gone");
    manager.start("handles-c-high").await.unwrap();
    manager.restart("handles-a-low").await.unwrap();
    assert_eq!(ask(&running).await, all, "each once, where it was");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn an_extension_point_may_be_empty() {
    let running = Rig::new(&[Host::DESCRIPTOR]).start().await;
    assert!(ask(&running).await.is_empty());
    running.stop().await;
}
