//! Tasks that receive from a channel and handle each event in turn: what the kernel's mailbox is
//! compared with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc};

/// Room of a channel, as of a plugin's mailbox by default.
pub const ROOM: usize = 1_024;

/// Receivers that say when each of them has handled its part of a burst.
pub struct Channels<E> {
    /// One for each receiver.
    pub senders: Vec<mpsc::Sender<Arc<E>>>,
    /// How far they are.
    pub progress: Arc<Progress>,
}

/// How many parts of a burst are not handled yet.
#[derive(Default)]
pub struct Progress {
    left: AtomicUsize,
    done: Notify,
}

impl Progress {
    /// A burst of so many parts begins.
    pub fn begin(&self, parts: usize) {
        self.left.store(parts, SeqCst);
    }

    /// One is handled.
    pub fn part_is_done(&self) {
        if self.left.fetch_sub(1, SeqCst) == 1 {
            self.done.notify_one();
        }
    }

    /// Waits until all are.
    pub async fn done(&self) {
        self.done.notified().await;
    }
}

impl<E: Send + Sync + 'static> Channels<E> {
    /// Receivers, each of which is sent so many events of a burst.
    pub fn spawn<F, H>(runtime: &Runtime, receivers: usize, burst: usize, handle: H) -> Self
    where
        F: Future<Output = ()> + Send,
        H: Fn(Arc<E>) -> F + Copy + Send + Sync + 'static,
    {
        let progress = Arc::new(Progress::default());
        let receive = |_| {
            let (sender, mut receiver) = mpsc::channel::<Arc<E>>(ROOM);
            let progress = Arc::clone(&progress);
            drop(runtime.spawn(async move {
                let mut handled = 0;
                while let Some(event) = receiver.recv().await {
                    handle(event).await;
                    handled += 1;
                    if handled % burst == 0 {
                        progress.part_is_done();
                    }
                }
            }));
            sender
        };
        Self {
            senders: (0..receivers).map(receive).collect(),
            progress,
        }
    }
}
