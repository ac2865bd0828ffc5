//! `handleBatchEvents`: several events in one call, in order.

use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("design.batch")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Piece {
    number: u32,
}

struct Packer {
    journal: Service<dyn Journal>,
}

#[plugin(name = "design-packer")]
impl Packer {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self { journal }
    }

    #[subscribe(batch = 4, linger = "10ms")]
    async fn pack(&self, pieces: Batch<Piece>) {
        let numbers: Vec<_> = pieces.iter().map(|piece| piece.number).collect();
        self.journal.write(format!("{numbers:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn events_come_in_batches_and_none_is_left() {
    let running = Rig::new(&[Packer::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    for number in 0..10 {
        running.publisher().publish(Piece { number }).await.unwrap();
    }
    running.idle().await;
    let lines = running.service::<dyn Journal>().unwrap().lines();
    assert_eq!(lines, ["[0, 1, 2, 3]", "[4, 5, 6, 7]", "[8, 9]"]);
    running.stop().await;
}
