//! Replays the dead letters that somebody outside of the process has asked for.

use std::sync::{Arc, Weak};

use super::dead_letters::DeadLetterOperations;
use super::kernel::Kernel;
use crate::event::{DeadLetterId, EventStore, ask};
use crate::service::{Service, ServiceFuture};

/// Listens to a store, as long as it is the one in use and the system runs.
pub(super) fn follow(kernel: &Arc<Kernel>, store: Service<dyn EventStore>) {
    let mut replaced = kernel.bus.durables().replaced();
    let kernel = Arc::downgrade(kernel);
    crate::spawn::spawn(async move {
        loop {
            let requested = tokio::select! {
                biased;
                () = replaced.wait() => return,
                requested = requested(&store) => requested,
            };
            for letter in requested {
                crate::spawn::spawn(replay(Weak::clone(&kernel), letter));
            }
        }
    });
}

async fn requested(store: &Service<dyn EventStore>) -> Vec<DeadLetterId> {
    let store = store.provider();
    let asked = ask(&store, |store| {
        let requested = store.requested();
        ServiceFuture::new(Box::pin(async move { Ok(requested.await) }))
    });
    match asked.await {
        Ok(requested) => requested,
        Err(error) => {
            tracing::error!("requests of replays are not followed any more: {error}");
            std::future::pending().await
        }
    }
}

/// It takes as long as the handler does.
async fn replay(kernel: Weak<Kernel>, letter: DeadLetterId) {
    let Some(kernel) = kernel.upgrade() else {
        return;
    };
    match DeadLetterOperations::new(kernel).replay(letter).await {
        Ok(()) => tracing::info!(%letter, "replayed, as was asked for"),
        Err(error) => tracing::warn!(%letter, "not replayed, as was asked for: {error}"),
    }
}
