//! The mailbox, `plugin-core/src/event/queue/mailbox.rs` as it stands: never over its capacity, nothing
//! enters after it is closed, nothing is lost, nobody waits for what has happened.

use std::collections::VecDeque;
use std::sync::Arc;

use loom::future::block_on;
use loom::thread;

use super::capacity::NoPermit;
use super::job::{Job, QueuedHandler};
use super::mailbox::{Displaced, Mailbox};
use crate::Model;
use crate::event::outcome::backlog::Backlog;

pub(in crate::event) const MODELS: &[Model] = &[
    ("mailbox: back-pressure loses nothing", back_pressure),
    ("mailbox: a close is seen by all", close_while_filling),
    (
        "mailbox: a close wakes who waits for room",
        close_while_waiting,
    ),
    (
        "mailbox: a reservation given up gives its room back",
        given_up,
    ),
    (
        "mailbox: who finds room at once takes it from nobody",
        pushing,
    ),
    ("mailbox: the oldest gives way, once", displaced),
    (
        "mailbox: what is abandoned is waited for by nobody",
        abandoned,
    ),
];

/// What all threads of a model share.
#[derive(Clone)]
struct Post {
    capacity: usize,
    handler: Arc<QueuedHandler>,
    backlog: Backlog,
}

impl Post {
    fn of(capacity: usize) -> Self {
        let backlog = Backlog::default();
        let mailbox = Mailbox::new(0, capacity, &backlog);
        Self {
            capacity,
            handler: Arc::new(QueuedHandler { mailbox }),
            backlog,
        }
    }

    fn mailbox(&self) -> &Mailbox {
        &self.handler.mailbox
    }

    fn job(&self, number: usize) -> Job {
        Job::new(&self.handler, number)
    }

    /// What a publisher does that lets itself be held back.
    fn publish(&self, number: usize) -> bool {
        block_on(async {
            match self.mailbox().reserve().await {
                Ok(slot) => slot.fill(self.job(number)),
                Err(_) => false,
            }
        })
    }

    /// What a worker does: takes and handles, until it has had so many or the mailbox is closed
    /// and empty. It says which jobs it had.
    fn work(&self, most: usize) -> Vec<usize> {
        let mut handled = Vec::new();
        let mut jobs = VecDeque::new();
        while handled.len() < most && block_on(self.mailbox().take(&mut jobs)) {
            assert!(jobs.len() <= self.capacity, "more jobs than room");
            for mut job in jobs.drain(..) {
                job.begin();
                handled.push(job.number);
                job.leave();
            }
        }
        handled
    }
}

fn back_pressure() {
    let post = Post::of(1);
    let publishers = [1, 2].map(|number| {
        let post = post.clone();
        thread::spawn(move || assert!(post.publish(number)))
    });
    let mut handled = post.work(2);
    handled.sort_unstable();
    assert_eq!(handled, [1, 2]);
    publishers
        .into_iter()
        .for_each(|publisher| publisher.join().unwrap());
    assert_eq!((post.mailbox().unfinished(), post.backlog.len()), (0, 0));
}

fn close_while_filling() {
    let post = Post::of(1);
    let publisher = post.clone();
    let publisher = thread::spawn(move || match publisher.mailbox().try_reserve() {
        Ok(slot) => slot.fill(publisher.job(1)),
        Err(refused) => {
            assert_eq!(refused, NoPermit::Closed);
            false
        }
    });
    let closer = post.clone();
    let closer = thread::spawn(move || closer.mailbox().close());
    let handled = post.work(usize::MAX);
    let accepted = publisher.join().unwrap();
    closer.join().unwrap();
    assert_eq!(
        handled.len(),
        usize::from(accepted),
        "what is in is handled"
    );
    assert_eq!(post.backlog.len(), 0);
}

fn close_while_waiting() {
    let post = Post::of(1);
    assert!(post.publish(1), "there is room for one");
    let publisher = post.clone();
    let publisher = thread::spawn(move || publisher.publish(2));
    post.mailbox().close();
    assert!(!publisher.join().unwrap(), "nobody makes room");
    assert_eq!(post.work(usize::MAX), [1]);
}

fn given_up() {
    let post = Post::of(1);
    let publisher = post.clone();
    let impatient = thread::spawn(move || {
        // Reserves, and lets go: as a publisher whose future is dropped.
        let waits = publisher.mailbox().reserve();
        block_on(poll_once(waits));
    });
    assert!(post.publish(1));
    let mut jobs = VecDeque::new();
    assert!(block_on(post.mailbox().take(&mut jobs)));
    jobs.iter_mut().for_each(Job::begin);
    assert!(post.publish(2), "the room is there again");
    impatient.join().unwrap();
}

fn pushing() {
    let post = Post::of(1);
    let patient = post.clone();
    let patient = thread::spawn(move || assert!(patient.publish(1)));
    let hasty = post.clone();
    let hasty = thread::spawn(move || match hasty.mailbox().push(hasty.job(2)) {
        Ok(()) => true,
        Err((refused, _job)) => {
            assert_eq!(refused, NoPermit::Full);
            false
        }
    });
    let mut handled = post.work(1);
    let pushed = hasty.join().unwrap();
    if pushed {
        handled.extend(post.work(1));
    }
    handled.sort_unstable();
    assert_eq!(handled, if pushed { vec![1, 2] } else { vec![1] });
    patient.join().unwrap();
    assert_eq!((post.mailbox().unfinished(), post.backlog.len()), (0, 0));
}

/// Polls a future once, and drops it.
async fn poll_once(future: impl Future) {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        drop(future.as_mut().poll(context));
        std::task::Poll::Ready(())
    })
    .await;
}

fn displaced() {
    let post = Post::of(1);
    post.mailbox().may_give_way();
    assert!(post.publish(1));
    displace(&post, 2);
    let full = post.mailbox().try_reserve();
    assert_eq!(full.err(), Some(NoPermit::Full), "one went and one came");
    let publisher = post.clone();
    let publisher = thread::spawn(move || displace(&publisher, 3));
    let worker = post.clone();
    let worker = thread::spawn(move || worker.work(usize::MAX));
    publisher.join().unwrap();
    post.mailbox().close();
    let handled = worker.join().unwrap();
    assert_eq!(handled.len(), 1, "one of the two was dropped: {handled:?}");
    assert_eq!(post.backlog.len(), 0);
}

fn displace(post: &Post, number: usize) {
    match post.mailbox().displace(post.job(number)) {
        Displaced::Oldest(given_up) | Displaced::Nothing(given_up) => drop(given_up),
    }
}

fn abandoned() {
    let post = Post::of(2);
    let publisher = post.clone();
    let publisher = thread::spawn(move || publisher.publish(1));
    post.mailbox().close();
    post.mailbox().abandon();
    let accepted = publisher.join().unwrap();
    let left = post.mailbox().dead_lettered();
    assert_eq!(left, usize::from(accepted), "every job is counted once");
    assert_eq!(post.mailbox().unfinished(), 0);
    block_on(post.backlog.idle());
}
