//! The stop against publishers: `plugin-core/src/event/outcome/backlog.rs` and `queue/mailbox.rs` as they stand.
//! `begin` is a copy of `PublishGuard::begin` in `dispatch/guard.rs`, and `stop` of the order of
//! `lifecycle/stopping.rs`: mute, wait until idle, close.

use std::collections::VecDeque;
use std::sync::Arc;

use loom::future::block_on;
use loom::thread;

use super::outcome::backlog::{Backlog, Publishing};
use super::queue::job::{Job, QueuedHandler};
use super::queue::mailbox::Mailbox;
use crate::Model;
use crate::sync::atomic::{AtomicBool, Ordering::Relaxed, Ordering::SeqCst};

pub(super) const MODELS: &[Model] = &[
    (
        "stop: nothing is accepted after all is idle",
        nothing_after_idle,
    ),
    ("stop: idle is told of the last end", idle_is_told),
    (
        "stop: idle waits for what a handler publishes",
        handlers_publish,
    ),
];

#[derive(Clone)]
struct Bus {
    backlog: Backlog,
    muted: Arc<AtomicBool>,
    handler: Arc<QueuedHandler>,
}

impl Bus {
    fn new() -> Self {
        let backlog = Backlog::default();
        let mailbox = Mailbox::new(0, 2, &backlog);
        Self {
            backlog,
            muted: Arc::default(),
            handler: Arc::new(QueuedHandler { mailbox }),
        }
    }

    /// Counts first and looks then.
    fn begin(&self) -> Option<Publishing<'_>> {
        let under_way = self.backlog.publishing();
        (!self.muted.load(SeqCst)).then_some(under_way)
    }

    /// Whether the event is in the mailbox.
    fn publish(&self) -> bool {
        let Some(_under_way) = self.begin() else {
            return false;
        };
        let slot = self.handler.mailbox.try_reserve();
        let filled = slot.map(|slot| slot.fill(Job::new(&self.handler, 1)));
        assert_eq!(filled, Ok(true), "the doors close only when all is idle");
        true
    }

    fn handle_one(&self) {
        let mut jobs = VecDeque::new();
        assert!(block_on(self.handler.mailbox.take(&mut jobs)));
        jobs.iter_mut().for_each(Job::begin);
        jobs.iter_mut().for_each(Job::leave);
    }
}

fn nothing_after_idle() {
    let bus = Bus::new();
    let publisher = bus.clone();
    let publisher = thread::spawn(move || {
        let accepted = publisher.publish();
        if accepted {
            publisher.handle_one();
        }
    });
    bus.muted.store(true, SeqCst);
    block_on(bus.backlog.idle());
    bus.handler.mailbox.close();
    bus.handler.mailbox.abandon();
    let left = bus.handler.mailbox.dead_lettered();
    assert_eq!(left, 0, "what was accepted is handled");
    publisher.join().unwrap();
}

fn idle_is_told() {
    let backlog = Backlog::default();
    let ends = [backlog.begin(), backlog.begin()];
    let ends = ends.map(|pending| thread::spawn(move || drop(pending)));
    block_on(backlog.idle());
    assert_eq!(backlog.len(), 0);
    ends.into_iter().for_each(|end| end.join().unwrap());
}

fn handlers_publish() {
    let bus = Bus::new();
    let done = Arc::new(AtomicBool::default());
    let first = bus.backlog.begin();
    let (handler, said) = (bus.clone(), Arc::clone(&done));
    let handler = thread::spawn(move || {
        // The handler's own event counts until the handler has ended, and by then the next counts.
        let next = handler.backlog.begin();
        drop(first);
        said.store(true, Relaxed);
        drop(next);
    });
    block_on(bus.backlog.idle());
    assert!(
        done.load(Relaxed),
        "idle came before the last handler's end"
    );
    handler.join().unwrap();
}
