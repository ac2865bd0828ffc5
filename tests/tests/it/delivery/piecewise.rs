//! A batch handler that answers for each of its events: each is done, tried again, or a letter by
//! itself.

use std::time::Duration;

use plugin_core::event::{DeadLetter, DeadLetterQuery};
use plugin_core::prelude::*;
use plugin_core::{ErrorKind, Plugin};

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started, status};

#[event("piecewise.row")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Row {
    id: u32,
    /// What becomes of it: `good`, `bad`, `busy`, or `busy once`.
    fate: String,
}

/// Counts wrongly: `short`, `long`.
#[event("piecewise.wrong")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Wrong {
    results: usize,
}

struct Keeper {
    journal: Service<dyn Journal>,
    busy: std::sync::Mutex<Vec<u32>>,
}

#[plugin(name = "piecewise-keeper")]
impl Keeper {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        let busy = std::sync::Mutex::default();
        Self { journal, busy }
    }

    fn keep(&self, row: &Row) -> Result<()> {
        match row.fate.as_str() {
            "good" => Ok(()),
            "bad" => Err(Error::external("no such column")),
            "busy once" => {
                let mut busy = self.busy.lock().unwrap();
                if busy.contains(&row.id) {
                    return Ok(());
                }
                busy.push(row.id);
                Err(Error::retriable("locked"))
            }
            _ => Err(Error::retriable("locked")),
        }
    }

    #[subscribe(batch = 4, linger = "10ms", retry = 1, backoff = "1s")]
    async fn store(&self, rows: Batch<Row>) -> BatchOutcome {
        let ids: Vec<_> = rows.iter().map(|row| row.id.to_string()).collect();
        self.journal.write(ids.join("+"));
        rows.iter().map(|row| self.keep(row)).collect()
    }

    #[subscribe(batch = 2, linger = "10ms")]
    async fn miscount(&self, rows: Batch<Wrong>) -> Result<BatchOutcome> {
        let results = rows.iter().next().map_or(0, |row| row.results);
        Ok((0..results).map(|_| Ok::<(), Error>(())).collect())
    }
}

/// Writes down what each event came to.
struct Watcher(Service<dyn Journal>);

#[plugin(name = "piecewise-watcher", kind = middleware)]
impl Watcher {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(journal)
    }

    #[intercept(delivered, topics = "piecewise.row")]
    fn after(&self, delivery: &Delivery<'_>, outcome: &Delivered<'_>) {
        let id = delivery.event().field("id").unwrap_or_default();
        let result = outcome.result().as_ref().err().map(ToString::to_string);
        self.0
            .write(format!("{id}: {}", result.as_deref().unwrap_or("ok")));
    }
}

async fn publish(running: &Started, rows: &[(u32, &str)]) {
    for (id, fate) in rows {
        let (id, fate) = (*id, (*fate).to_owned());
        running.publisher().publish(Row { id, fate }).await.unwrap();
    }
}

async fn letters(running: &Started) -> Vec<DeadLetter> {
    running.idle().await;
    let page = running.dead_letters().list(DeadLetterQuery::new()).await;
    page.unwrap().letters
}

fn rig() -> Rig {
    Rig::new(&[Keeper::DESCRIPTOR, Notebook::DESCRIPTOR])
}

#[tokio::test(start_paused = true)]
async fn report_b4_one_bad_event_of_a_batch_is_the_only_letter() {
    let running = rig().start().await;
    publish(&running, &[(1, "good"), (2, "bad"), (3, "good")]).await;
    let letters = letters(&running).await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].data["id"], 2);
    assert_eq!(
        (&*letters[0].error, letters[0].attempts),
        ("no such column", 1)
    );
    let events = status(&running, "piecewise-keeper").events;
    assert_eq!(
        (events.received, events.errors, events.dead_lettered),
        (3, 1, 1)
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_b4_only_what_failed_is_tried_again_and_the_next_batch_waits_for_it() {
    let running = rig().start().await;
    let rows = [(1, "good"), (2, "busy once"), (3, "bad"), (4, "busy")];
    publish(&running, &rows).await;
    publish(&running, &[(5, "good")]).await;
    let letters = letters(&running).await;
    let ids: Vec<_> = letters
        .iter()
        .map(|letter| letter.data["id"].clone())
        .collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert!(
        ids.contains(&3.into()) && ids.contains(&4.into()),
        "{ids:?}"
    );
    let journal = running.service::<dyn Journal>().unwrap();
    assert_eq!(journal.lines(), ["1+2+3+4", "2+4", "5"]);
    let events = status(&running, "piecewise-keeper").events;
    assert_eq!((events.received, events.retries), (5, 2));
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn report_b4_each_publisher_that_waits_is_told_of_its_own_event() {
    let running = rig().start().await;
    let publisher = running.publisher();
    let ask = |id, fate: &str| {
        let fate = fate.to_owned();
        publisher.publish_and_wait(Row { id, fate })
    };
    let (good, bad) = tokio::join!(ask(1, "good"), ask(2, "bad"));
    assert!(good.unwrap()[0].result.is_ok());
    let error = bad.unwrap().remove(0).result.unwrap_err();
    assert_eq!(error.to_string(), "no such column");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_b4_a_replay_repeats_only_the_event_that_failed() {
    let running = rig().start().await;
    publish(&running, &[(1, "good"), (2, "bad"), (3, "good")]).await;
    let id = letters(&running).await[0].id;
    running
        .handle()
        .dead_letters()
        .replay(id)
        .await
        .unwrap_err();
    let journal = running.service::<dyn Journal>().unwrap();
    assert_eq!(journal.lines(), ["1+2+3", "2"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_b4_interceptors_see_what_each_event_came_to() {
    let plugins = [
        Keeper::DESCRIPTOR,
        Notebook::DESCRIPTOR,
        Watcher::DESCRIPTOR,
    ];
    let running = Rig::new(&plugins).start().await;
    publish(&running, &[(1, "good"), (2, "bad")]).await;
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    assert_eq!(journal.lines(), ["1+2", "1: ok", "2: no such column"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_b4_an_outcome_of_the_wrong_size_is_a_bug_for_all_events() {
    for results in [0, 1, 3] {
        let running = rig().start().await;
        let publisher = running.publisher();
        let ask = || publisher.publish_and_wait(Wrong { results });
        let (one, two) = tokio::join!(ask(), ask());
        for outcomes in [one, two] {
            let error = outcomes.unwrap().remove(0).result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Bug, "{error}");
        }
        assert_eq!(letters(&running).await.len(), 2);
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn report_b4_a_stop_before_the_retry_leaves_a_letter_for_what_failed_only() {
    let running = rig().start().await;
    publish(&running, &[(1, "good"), (2, "busy")]).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.handle().stop("piecewise-keeper").await.unwrap();
    let letters = letters(&running).await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    running.stop().await;
}
