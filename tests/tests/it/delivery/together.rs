//! Many events published with one call: each subscriber gets all of them in order, whatever it does
//! with some.

mod stopping;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use plugin_core::Plugin;
use plugin_core::event::PublishError;
use plugin_core::prelude::*;
use plugin_core::trace;

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started, status};

#[event("together.number")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Number(u32);

#[event("together.seen")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Seen(u32);

/// Writes down each number in every way in which one can subscribe.
struct Ear {
    journal: Service<dyn Journal>,
    seen: Publisher<Seen>,
}

#[plugin(name = "test-ear")]
impl Ear {
    #[init]
    fn init(journal: Service<dyn Journal>, seen: Publisher<Seen>) -> Self {
        Self { journal, seen }
    }

    /// Fails with some, and panics with others.
    #[subscribe(priority = 10)]
    fn first(&self, number: &Number) -> Result<()> {
        self.journal.write(format!("first {}", number.0));
        match number.0 % 50 {
            7 => Err(Error::external("a seven")),
            9 => panic!("a nine"),
            _ => Ok(()),
        }
    }

    #[subscribe(filter = |number| number.0 % 2 == 0)]
    fn even(&self, number: &Envelope<Number>) -> Result<()> {
        assert_eq!(trace::current(), Some(number.trace()));
        self.journal.write(format!("even {}", number.0));
        self.seen
            .try_publish(Seen(number.0))
            .map_err(|_| Error::bug("no room"))
    }

    #[subscribe]
    fn seen(&self, seen: &Envelope<Seen>) {
        assert_eq!(trace::current(), Some(seen.trace()));
        self.journal.write(format!("seen {}", seen.0));
    }

    #[subscribe]
    async fn queued(&self, number: &Number) {
        self.journal.write(format!("queued {}", number.0));
    }

    #[subscribe(batch = 100, linger = "1s")]
    async fn batch(&self, numbers: Batch<Number>) {
        for number in numbers.iter() {
            self.journal.write(format!("batch {}", number.0));
        }
    }
}

/// Lets numbers pass up to one hundred and fifty.
struct Gate;

#[plugin(name = "test-gate", kind = middleware)]
impl Gate {
    #[init]
    fn init() -> Self {
        Self
    }

    #[intercept(publish, topics = "together.number")]
    fn pass(&self, event: &AnyEvent<'_>) -> Result<()> {
        match event.downcast_ref::<Number>() {
            Some(Number(number)) if *number >= 150 => Err(Error::retriable("not yet")),
            _ => Ok(()),
        }
    }
}

/// Lets nobody wait.
struct Hasty;

#[plugin(name = "test-hasty")]
impl Hasty {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(overflow = fail)]
    async fn take(&self, _number: &Number) {}
}

async fn start() -> Started {
    Rig::new(&[Ear::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await
}

fn numbers(count: u32) -> impl Iterator<Item = Number> + Send {
    (0..count).map(Number)
}

/// What was written by one handler, in order.
fn written(running: &Started, handler: &str) -> Vec<u32> {
    let lines = running.service::<dyn Journal>().unwrap().lines();
    let mine = lines.iter().filter_map(|line| line.strip_prefix(handler));
    mine.map(|number| number.trim().parse().unwrap()).collect()
}

fn assert_written(running: &Started, handlers: &[&str], expected: &[u32]) {
    for handler in handlers {
        assert_eq!(written(running, handler), expected, "{handler}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_handler_has_all_in_order_whatever_some_come_to() {
    let running = start().await;
    let published = running
        .publisher::<Number>()
        .publish_all(numbers(200))
        .await;
    assert_eq!(published.unwrap(), 200);
    running.idle().await;
    let all: Vec<_> = (0..200).collect();
    let even: Vec<_> = (0..200).step_by(2).collect();
    assert_written(&running, &["first", "queued", "batch"], &all);
    assert_written(&running, &["even", "seen"], &even);
    let counts = status(&running, "test-ear").events;
    assert_eq!(counts.received, 3 * 200 + 2 * 100);
    assert_eq!((counts.errors, counts.published), (8, 100));
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_publisher_waits_for_room_as_often_as_it_takes() {
    let rig = Rig::new(&[Ear::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let running = rig.set("test-ear", "mailbox", 10).start().await;
    let published = running
        .publisher::<Number>()
        .publish_all(numbers(200))
        .await;
    assert_eq!(published.unwrap(), 200);
    running.idle().await;
    let all: Vec<_> = (0..200).collect();
    assert_written(&running, &["queued", "batch"], &all);
}

#[tokio::test(start_paused = true)]
async fn what_an_interceptor_refuses_ends_it_and_the_error_says_where() {
    let set = [Ear::DESCRIPTOR, Gate::DESCRIPTOR, Notebook::DESCRIPTOR];
    let running = Rig::new(&set).start().await;
    let error = running
        .publisher::<Number>()
        .publish_all(numbers(200))
        .await
        .unwrap_err();
    assert!(matches!(error.source, PublishError::Refused { .. }));
    assert_eq!(error.published, 150);
    running.idle().await;
    let until: Vec<_> = (0..150).collect();
    assert_written(&running, &["first", "queued", "batch"], &until);
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_lets_nobody_wait_misses_some_and_the_others_do_not() {
    let set = [Ear::DESCRIPTOR, Hasty::DESCRIPTOR, Notebook::DESCRIPTOR];
    let running = Rig::new(&set)
        .set("test-hasty", "mailbox", 10)
        .start()
        .await;
    let error = running
        .publisher::<Number>()
        .publish_all(numbers(200))
        .await
        .unwrap_err();
    assert_eq!(error.published, 64);
    let PublishError::Full { plugin, .. } = error.source else {
        panic!("{error}");
    };
    assert_eq!(plugin, "test-hasty");
    running.idle().await;
    assert_eq!(status(&running, "test-hasty").events.received, 10);
    assert_eq!(written(&running, "queued").len(), 64);
}

#[tokio::test(start_paused = true)]
async fn after_the_stop_nothing_is_taken_from_the_iterator_in_vain() {
    let running = start().await;
    let publisher = running.publisher::<Number>();
    let asked = Arc::new(AtomicUsize::new(0));
    running.stop().await;
    let count = Arc::clone(&asked);
    let events = numbers(200).inspect(move |_| {
        count.fetch_add(1, SeqCst);
    });
    let error = publisher.publish_all(events).await.unwrap_err();
    assert!(matches!(error.source, PublishError::Stopping));
    assert_eq!((error.published, asked.load(SeqCst)), (0, 0));
}
