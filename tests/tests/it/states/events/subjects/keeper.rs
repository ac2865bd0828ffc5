//! One whose events are stored until they are handled.

use plugin_core::current;
use plugin_core::prelude::*;

use super::{Desk, Note, Publishers, Sender, Side, batch_fate, fate};
use crate::states::events::handlers::{PLUGINS, STORED, STORED_BATCH, STORED_KEYED, key};
use crate::states::events::history::{Entry, Fate, Ledger};

// A call may take longer than a stop waits for it: it is cut off, and comes again.
subject!(Keeper, "machine-keeper", {
    #[subscribe(durable, timeout = "12s", retry = 1, backoff = "1ms")]
    async fn stored(&self, note: &Envelope<Note>) -> Result<()> {
        self.0.keyed(STORED, note);
        let fate = fate(note, STORED);
        self.0.later(STORED, vec![note.tag], fate).await
    }

    #[subscribe(durable, timeout = "12s", retry = 1, backoff = "1ms", concurrency = 2, key = |note| key(note.tag))]
    async fn stored_keyed(&self, note: &Envelope<Note>) -> Result<()> {
        self.0.keyed(STORED_KEYED, note);
        let fate = fate(note, STORED_KEYED);
        self.0.later(STORED_KEYED, vec![note.tag], fate).await
    }

    #[subscribe(durable, batch = 3, linger = "20ms", filter = |note| {
        if note.fate == Fate::FilterPanic {
            std::panic::resume_unwind(Box::new("told to panic"));
        }
        note.tag.number.is_multiple_of(2)
    })]
    async fn stored_batch(&self, notes: Batch<Note>) -> Result<()> {
        notes
            .iter()
            .for_each(|note| self.0.keyed(STORED_BATCH, note));
        let tags = notes.iter().map(|note| note.tag).collect();
        let fate = batch_fate(&notes, STORED_BATCH);
        self.0.later(STORED_BATCH, tags, fate).await
    }
});

impl Desk {
    /// Writes down which key a stored event came with.
    fn keyed(&self, handler: usize, note: &Envelope<Note>) {
        let key = note.idempotency_key().expect("it is durable").as_u128();
        let tag = note.tag;
        self.ledger.write(Entry::Keyed { handler, tag, key });
    }
}
