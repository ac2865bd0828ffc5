//! Work as a worker has it, without a system: for tests of what is called with it.

use std::sync::Arc;
use std::time::Duration;

use super::Work;
use crate::context::Identity;
use crate::event::handler::Site;
use crate::event::handler::caller;
use crate::event::middleware::{Chain, Intercepted};
use crate::event::outcome::backlog::Backlog;
use crate::event::outcome::dead_letters::DeadLetters;
use crate::event::payload::Payload;
use crate::event::queue::handler::{AtRest, Events, QueuedCall, QueuedSite};
use crate::event::queue::job::Job;
use crate::event::queue::mailbox::Mailbox;
use crate::options::SubscribeOptions;
use crate::permission::Grants;
use crate::rcu::shared::Shared;
use crate::service::Switchboard;

impl Work {
    /// Events for a handler of a plugin, as one piece of work.
    pub(in crate::event) fn sample(
        plugin: &'static str,
        events: impl IntoIterator<Item = Arc<dyn Payload>>,
    ) -> Self {
        let site = site(plugin);
        let mut jobs = (events.into_iter()).map(|payload| Job::new(&site, payload));
        let mut work = Self::of(jobs.next().expect("work is at least one event"));
        for job in jobs {
            work.add(job);
        }
        work
    }
}

fn site(plugin: &'static str) -> Arc<QueuedSite> {
    let owner = Arc::new(Identity::new(plugin, 0, Grants::all(plugin)));
    let (letters, _) = DeadLetters::new(1, Switchboard::default().all());
    let options = SubscribeOptions::DEFAULT;
    let nothing = || caller::owning(|_| std::future::ready(Ok(())));
    let site = QueuedSite {
        site: Site::new(&owner, "sample", "sample", options, (0, None, letters)),
        mailbox: Arc::new(Mailbox::new(owner.uid(), 1, &Backlog::default())),
        limit: Duration::MAX,
        middleware: Intercepted::new(&Arc::new(Shared::new(Chain::default()))),
        call: QueuedCall::one(nothing),
        key: None,
        group: None,
        durable: None,
        breaker: None,
        quota: None,
        rest: AtRest::default(),
        events: Events::default(),
    };
    site.open()
}
