//! The future of a queued handler borrows its event and its plugin: however a call ends, the future
//! goes before they do.

use std::sync::{Arc, Mutex};

use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::rig::Rig;

/// What is dropped, in order.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn write(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
enum Fate {
    End,
    Fail,
    Panic,
    Hang,
}

#[event("borrowing.note")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Note {
    fate: Fate,
    #[serde(skip)]
    log: Log,
}

impl Drop for Note {
    fn drop(&mut self) {
        self.log.write("event");
    }
}

/// Something of the future's that reaches into the event when it is dropped.
struct Reaching<'a>(&'a Note, &'a Borrower);

impl Drop for Reaching<'_> {
    fn drop(&mut self) {
        assert_eq!(self.1.name, "borrower");
        self.0.log.write("future");
    }
}

struct Borrower {
    name: String,
}

#[plugin(name = "borrower")]
impl Borrower {
    #[init]
    fn init() -> Self {
        let name = "borrower".to_owned();
        Self { name }
    }

    #[subscribe(timeout = "1s")]
    async fn borrow(&self, note: &Note) -> Result<()> {
        let _reaching = Reaching(note, self);
        tokio::task::yield_now().await;
        match note.fate {
            Fate::End => Ok(()),
            Fate::Fail => Err(Error::external("it was told to")),
            Fate::Panic => panic!("it was told to"),
            Fate::Hang => std::future::pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_future_goes_before_what_it_borrows() {
    let running = Rig::new(&[Borrower::DESCRIPTOR]).start().await;
    let publisher = running.publisher::<Note>();
    for fate in [Fate::End, Fate::Fail, Fate::Panic, Fate::Hang, Fate::End] {
        let log = Log::default();
        let note = Note {
            fate,
            log: log.clone(),
        };
        publisher.publish(note).await.unwrap();
        running.idle().await;
        assert_eq!(log.take(), ["future", "event"], "{fate:?}");
    }
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn also_when_its_worker_is_given_up() {
    let rig = Rig::new(&[Borrower::DESCRIPTOR])
        .set("borrower", "timeout", "10ms")
        .set("plugin_manager", "drain_timeout", "10ms");
    let running = rig.start().await;
    let log = Log::default();
    let notes = [Fate::Hang, Fate::End].map(|fate| Note {
        fate,
        log: log.clone(),
    });
    for note in notes {
        running.publisher().publish(note).await.unwrap();
    }
    let stopped = running.stop().await;
    assert!(
        !stopped.is_clean(),
        "the first hangs longer than a stop waits"
    );
    let dropped = log.take();
    assert_eq!(dropped[..2], ["future", "event"], "{dropped:?}");
    assert_eq!(dropped.len(), 3, "the second was not handled: {dropped:?}");
}
