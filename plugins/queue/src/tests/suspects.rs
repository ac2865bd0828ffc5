//! What a file knows of processes that crashed, and of those that ended in good order.

use plugin_core::event::store::Suspicion;

use super::{Open, events, name};
use crate::config::QueueConfig;

impl Open {
    /// Lets go of the file as a crash does.
    async fn crash(self) {
        self.writer.abort();
        drop(self.writer.await);
    }

    async fn called(&self, positions: &[u64], is_called: bool) {
        let name = name("a");
        let called = self.store.call(&name, positions, is_called);
        called.await.unwrap();
    }

    async fn suspicions(&self) -> Vec<Suspicion> {
        let pending = self.pending().await;
        pending.iter().map(|stored| stored.suspicion).collect()
    }
}

const fn crashed(crashes: u32) -> Suspicion {
    Suspicion::Suspect { crashes }
}

#[tokio::test]
async fn what_was_called_when_a_process_crashed_is_counted_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let config = QueueConfig::default();
    let open = Open::new(&directory, &config).await;
    let first = open.append(&events(0..3)).await.unwrap();
    assert_eq!(open.suspicions().await, [Suspicion::None; 3]);
    open.crash().await;

    let open = Open::new(&directory, &config).await;
    open.append(&events(3..4)).await.unwrap();
    let now = [crashed(0), crashed(0), crashed(0), Suspicion::None];
    assert_eq!(open.suspicions().await, now);
    open.called(&first, true).await;
    open.called(&first[2..], false).await;
    assert_eq!(open.suspicions().await, now, "none of it is over");
    open.crash().await;

    let open = Open::new(&directory, &config).await;
    let now = [crashed(1), crashed(1), crashed(0), crashed(0)];
    assert_eq!(open.suspicions().await, now);
    open.called(&first[..1], true).await;
    open.close().await;

    let open = Open::new(&directory, &config).await;
    assert_eq!(open.suspicions().await, now, "it ended in good order");
    open.close().await;
    for crashes in 2..=config.max_crashes {
        let open = Open::new(&directory, &config).await;
        open.called(&first[..1], true).await;
        open.crash().await;
        let open = Open::new(&directory, &config).await;
        let expected = if crashes < config.max_crashes {
            crashed(crashes)
        } else {
            Suspicion::Poison { crashes }
        };
        assert_eq!(open.suspicions().await[0], expected);
        open.close().await;
    }
}
