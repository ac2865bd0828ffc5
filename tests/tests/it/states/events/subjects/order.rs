//! Those whose handlers retry, keep keys in order, and share events.

use plugin_core::current;
use plugin_core::prelude::*;

use super::{Desk, Note, Publishers, Sender, Side, fate};
use crate::states::events::handlers::{
    CREW_A, CREW_B, DOGGED, HASTY, KEPT, PLUGINS, TEAM_A, WATCH_A, WATCH_B, key,
};
use crate::states::events::history::Ledger;

subject!(Patient, "machine-patient", {
    #[subscribe(retry = 2, backoff = "1ms", max_backoff = "2ms")]
    async fn dogged(&self, note: &Note) -> Result<()> {
        let fate = fate(note, DOGGED);
        self.0.later(DOGGED, vec![note.tag], fate).await
    }

    #[subscribe(retry = 1, backoff = "1ms", concurrency = 2, key = |note| key(note.tag))]
    async fn kept(&self, note: &Note) -> Result<()> {
        let fate = fate(note, KEPT);
        self.0.later(KEPT, vec![note.tag], fate).await
    }

    #[subscribe(retry = 1, backoff = "1ms", concurrency = 2)]
    async fn hasty(&self, note: &Note) -> Result<()> {
        let fate = fate(note, HASTY);
        self.0.later(HASTY, vec![note.tag], fate).await
    }
});

subject!(Team, "machine-team-a", {
    #[subscribe(group = "crew")]
    async fn crew(&self, note: &Note) -> Result<()> {
        let own = self.0.member([CREW_A, CREW_B]);
        self.0.later(own, vec![note.tag], fate(note, own)).await
    }

    #[subscribe(group = "watch", key = |note| key(note.tag), retry = 1, backoff = "1ms")]
    async fn watch(&self, note: &Note) -> Result<()> {
        let own = self.0.member([WATCH_A, WATCH_B]);
        self.0.later(own, vec![note.tag], fate(note, own)).await
    }
});

impl Desk {
    /// Which of two members of a group is called: one type is both plugins.
    fn member(&self, [first, second]: [usize; 2]) -> usize {
        if self.plugin == TEAM_A { first } else { second }
    }
}
