//! An event that is read back from the store stands in the trace in which it was published.

use plugin_core::Plugin;
use plugin_core::prelude::*;
use plugin_queue::Queue;

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

#[event("durable.note")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Note;

/// Hears of a note at once.
struct Witness(Service<dyn Journal>);

#[plugin(name = "durable-witness")]
impl Witness {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(journal)
    }

    #[subscribe]
    fn hear(&self, note: &Envelope<Note>) {
        self.0.write(note.trace().trace_id().to_string());
    }
}

/// Reads it later.
struct Late(Service<dyn Journal>);

#[plugin(name = "durable-late")]
impl Late {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(journal)
    }

    #[subscribe(durable)]
    async fn read(&self, note: &Envelope<Note>) {
        self.0.write(note.trace().trace_id().to_string());
    }
}

fn lines(running: &Started) -> Vec<String> {
    running.service::<dyn Journal>().unwrap().lines()
}

#[tokio::test]
async fn a_note_that_begins_a_trace_is_in_it_in_the_next_life_and_after_a_restart() {
    let set = [
        Witness::DESCRIPTOR,
        Late::DESCRIPTOR,
        Notebook::DESCRIPTOR,
        Queue::DESCRIPTOR,
    ];
    let rig = Rig::new(&set);
    let running = rig.start().await;
    running.handle().stop("durable-late").await.unwrap();
    running.publisher().publish_durable(Note).await.unwrap();
    let [published] = &lines(&running)[..] else {
        panic!("one witness");
    };
    running.stop().await;

    let running = rig.start().await;
    running.idle().await;
    assert_eq!(lines(&running), std::slice::from_ref(published));
    running.handle().stop("durable-late").await.unwrap();
    running.publisher().publish_durable(Note).await.unwrap();
    running.handle().start("durable-late").await.unwrap();
    running.idle().await;
    let [_, again, read] = &lines(&running)[..] else {
        panic!("a witness and a reader");
    };
    assert_eq!(again, read);
    assert_ne!(again, published);
    running.stop().await;
}
