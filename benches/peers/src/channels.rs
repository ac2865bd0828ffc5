//! A task that receives from a bounded channel.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel_benches::{Progress, ROOM, one_thread};

use crate::mailbox::{BURST, Queued};

/// The crates differ in names only: each has a sender whose `send` is a future, and a receiver
/// whose method receives one.
macro_rules! channel {
    ($name:ident, $make:expr, $send:ident, $receive:ident) => {
        pub(crate) fn $name() -> impl FnMut(u64) -> Duration {
            #[allow(unused_mut, reason = "not every crate's receiver is exclusive")]
            let (sender, mut receiver) = $make;
            let (runtime, progress) = (one_thread(), Arc::new(Progress::default()));
            let told = Arc::clone(&progress);
            drop(runtime.spawn(async move {
                let mut handled = 0;
                while let Some(event) = receiver.$receive().await.into_iter().next() {
                    handle(&event, &mut handled, &told);
                }
            }));
            move |times| {
                runtime.block_on(async {
                    let began = Instant::now();
                    for _ in 0..times {
                        progress.begin(1);
                        for number in 0..BURST {
                            let sent = sender.$send(Arc::new(Queued { number })).await;
                            assert!(sent.is_ok(), "the receiver waits");
                        }
                        progress.done().await;
                    }
                    began.elapsed()
                })
            }
        }
    };
}

channel!(
    tokio,
    tokio::sync::mpsc::channel::<Arc<Queued>>(ROOM),
    send,
    recv
);
channel!(kanal, kanal::bounded_async::<Arc<Queued>>(ROOM), send, recv);
channel!(
    crossfire,
    crossfire::mpsc::bounded_async::<Arc<Queued>>(ROOM),
    send,
    recv
);
channel!(
    flume,
    flume::bounded::<Arc<Queued>>(ROOM),
    send_async,
    recv_async
);

/// Handles one, and says when it was the last of a burst.
pub(crate) fn handle(event: &Queued, handled: &mut usize, progress: &Progress) {
    black_box(event.number);
    *handled += 1;
    if handled.is_multiple_of(BURST) {
        progress.part_is_done();
    }
}
