//! A plugin keeps the dead letters; memory is for what it does not take.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::event::{
    DeadLetter, DeadLetterId, DeadLetterPage, DeadLetterQuery, DeadLetterStore,
};
use plugin_core::lifecycle::DeadLetterError;
use plugin_core::prelude::*;

use crate::flaky::{ALWAYS, Flaky, Once, Quick};
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

/// Keeps letters, unless it is told to fail.
#[derive(Default)]
struct Archive {
    letters: Mutex<BTreeMap<DeadLetterId, DeadLetter>>,
}

static BROKEN: AtomicBool = AtomicBool::new(false);
static DECAY: AtomicBool = AtomicBool::new(false);
static WRITES: AtomicUsize = AtomicUsize::new(0);
/// The tests of this file change what the archive does.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[plugin(name = "dead-letters-archive", kind = system, provides(DeadLetterStore))]
impl Archive {
    #[init]
    fn init() -> Self {
        Self::default()
    }
}

#[service]
impl DeadLetterStore for Archive {
    async fn put(&self, mut letter: DeadLetter) -> Result<()> {
        if BROKEN.load(SeqCst) {
            panic!("the archive burns");
        }
        if DECAY.load(SeqCst) {
            letter.data = serde_json::json!({"id": "unreadable"});
        }
        self.letters.lock().unwrap().insert(letter.id, letter);
        Ok(())
    }

    async fn put_all(&self, letters: Vec<DeadLetter>) -> Result<()> {
        WRITES.fetch_add(1, SeqCst);
        // What a disk needs for a commit.
        tokio::time::sleep(Duration::from_millis(5)).await;
        for letter in letters {
            self.put(letter).await?;
        }
        Ok(())
    }

    async fn list(&self, query: DeadLetterQuery) -> Result<DeadLetterPage> {
        let letters = self.letters.lock().unwrap();
        let wanted = letters.values().filter(|letter| query.wants(letter));
        Ok(DeadLetterPage {
            letters: wanted.cloned().collect(),
            next: None,
        })
    }

    async fn show(&self, id: DeadLetterId) -> Result<Option<DeadLetter>> {
        Ok(self.letters.lock().unwrap().get(&id).cloned())
    }

    async fn remove(&self, id: DeadLetterId) -> Result<bool> {
        Ok(self.letters.lock().unwrap().remove(&id).is_some())
    }
}

async fn start() -> Started {
    let set = [Archive::DESCRIPTOR, Flaky::DESCRIPTOR, Notebook::DESCRIPTOR];
    Rig::new(&set).start().await
}

async fn listed(running: &Started) -> usize {
    let page = running.dead_letters().list(DeadLetterQuery::new()).await;
    page.unwrap().letters.len()
}

#[tokio::test(start_paused = true)]
async fn the_store_of_a_plugin_is_used_as_soon_as_there_is_one() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let running = start().await;
    let once = Once::failing(1, 1, "external");
    running.publisher().publish(once).await.unwrap();
    let quick = Quick::failing(2, 1, "external");
    running.publisher().publish(quick).await.unwrap();
    running.idle().await;
    let archive = running.service::<dyn DeadLetterStore>().unwrap();
    let page = archive.list(DeadLetterQuery::new()).await.unwrap();
    assert_eq!(page.letters.len(), 2);
    assert_eq!(running.dead_letters().in_memory(), 0);
    for letter in page.letters {
        running
            .handle()
            .dead_letters()
            .replay(letter.id)
            .await
            .unwrap();
    }
    assert_eq!(listed(&running).await, 0);
    let lines = running.service::<dyn Journal>().unwrap().lines();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(running.stop().await.dead_letters, 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_store_does_not_take_stays_in_memory_until_it_does() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let running = start().await;
    BROKEN.store(true, SeqCst);
    for id in 1..=2 {
        let once = Once::failing(id, ALWAYS, "external");
        running.publisher().publish(once).await.unwrap();
    }
    running.idle().await;
    assert_eq!(running.dead_letters().in_memory(), 2);
    BROKEN.store(false, SeqCst);
    assert_eq!(listed(&running).await, 2);
    assert_eq!(running.dead_letters().in_memory(), 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn data_that_is_no_event_any_more_is_refused_and_stays() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let running = start().await;
    DECAY.store(true, SeqCst);
    let once = Once::failing(1, 1, "external");
    running.publisher().publish(once).await.unwrap();
    running.idle().await;
    DECAY.store(false, SeqCst);
    let page = running.dead_letters().list(DeadLetterQuery::new()).await;
    let id = page.unwrap().letters[0].id;
    let refused = running.handle().dead_letters().replay(id).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, DeadLetterError::Decode(_)), "{refused}");
    assert!(refused.to_string().contains("`id`"), "{refused}");
    assert_eq!(listed(&running).await, 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_b17_letters_that_come_together_are_written_together() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let running = start().await;
    WRITES.store(0, SeqCst);
    let began = tokio::time::Instant::now();
    let many = (0..2_000).map(|id| Once::failing(id, ALWAYS, "external"));
    running.publisher().publish_all(many).await.unwrap();
    running.idle().await;
    assert_eq!(listed(&running).await, 2_000, "none is lost");
    let writes = WRITES.load(SeqCst);
    assert!(writes <= 40, "{writes} writes");
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(running.dead_letters().dropped(), 0);
    assert_eq!(running.stop().await.dead_letters, 0);
}

#[tokio::test(start_paused = true)]
async fn report_b17_whoever_gives_up_a_look_loses_no_letter() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let running = start().await;
    let once = Once::failing(1, ALWAYS, "external");
    running.publisher().publish(once).await.unwrap();
    for _ in 0..50 {
        let letters = running.dead_letters();
        let looked = letters.list(DeadLetterQuery::new());
        // It is given up while the letter is on its way.
        drop(tokio::time::timeout(Duration::from_millis(1), looked).await);
    }
    running.idle().await;
    assert_eq!(listed(&running).await, 1);
    running.stop().await;
}
