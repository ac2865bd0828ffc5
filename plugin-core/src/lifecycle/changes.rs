//! Runs the changes that the supervisor decides, each on a task of its own. Changes that touch the
//! same instances run one after the other, in the order in which they were decided; other changes
//! run at the same time. Therefore a plugin that is slow to stop delays only changes of the plugins
//! that need it.

use std::collections::{BTreeSet, VecDeque};

use tokio::task::{Id, JoinSet};

use super::kernel::Kernel;
use super::wiring::TiedTo;
use crate::boxed::BoxFuture;
use crate::context::InstanceId;

/// The reason why the system has to stop, if it has to.
pub(super) type Escalation = Option<String>;

/// The instances that a change touches.
#[derive(Debug, Default)]
pub(super) struct Footprint {
    /// Instances that the change may start, stop or replace.
    changed: BTreeSet<InstanceId>,
    /// Instances that those need. They must not change meanwhile.
    needed: BTreeSet<InstanceId>,
}

impl Footprint {
    /// Everything that a change of these instances can touch: the instances, and all instances that
    /// need them.
    pub(super) fn of(kernel: &Kernel, ids: impl IntoIterator<Item = InstanceId>) -> Self {
        let instances = kernel.instances();
        let mut changed: BTreeSet<_> = ids.into_iter().collect();
        for instance in instances.iter() {
            let is_changed = |need: TiedTo| {
                let mut providers = instances.matching(need);
                providers.any(|provider| changed.contains(&provider.id))
            };
            if kernel.wiring.needs(instance).any(is_changed) {
                changed.insert(instance.id);
            }
        }
        let those = changed.iter().filter_map(|id| instances.get(*id));
        let needed = those
            .flat_map(|instance| kernel.wiring.needs(instance))
            .flat_map(|need| instances.matching(need))
            .map(|instance| instance.id)
            .filter(|id| !changed.contains(id))
            .collect();
        Self { changed, needed }
    }

    /// Everything that a change of any instance can touch.
    pub(super) fn of_all(kernel: &Kernel) -> Self {
        Self {
            changed: kernel.instances().iter().map(|one| one.id).collect(),
            needed: BTreeSet::new(),
        }
    }

    fn is_free_of(&self, other: &Self) -> bool {
        self.changed.is_disjoint(&other.changed)
            && self.changed.is_disjoint(&other.needed)
            && self.needed.is_disjoint(&other.changed)
    }
}

/// The running changes, and the changes that wait for them.
#[derive(Default)]
pub(super) struct Changes {
    tasks: JoinSet<Escalation>,
    running: Vec<(Id, Footprint)>,
    waiting: VecDeque<(Footprint, BoxFuture<'static, Escalation>)>,
}

impl Changes {
    /// Starts a change as soon as no earlier change touches the same instances.
    pub(super) fn begin(
        &mut self,
        claim: Footprint,
        change: impl Future<Output = Escalation> + Send + 'static,
    ) {
        self.waiting.push_back((claim, Box::pin(change)));
        self.begin_free();
    }

    fn begin_free(&mut self) {
        let mut blocked = VecDeque::new();
        for (claim, change) in std::mem::take(&mut self.waiting) {
            let running = self.running.iter().map(|(_, claim)| claim);
            let mut earlier = running.chain(blocked.iter().map(|(claim, _)| claim));
            if earlier.all(|earlier| claim.is_free_of(earlier)) {
                let task = self.tasks.spawn(change);
                self.running.push((task.id(), claim));
            } else {
                blocked.push_back((claim, change));
            }
        }
        self.waiting = blocked;
    }

    /// Waits for the end of the change that ends next, or for ever if no change runs. Returns the
    /// reason if the system has to stop because of it.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a change whose end was not returned is returned by the next call.
    pub(super) async fn ended(&mut self) -> Escalation {
        let Some(ended) = self.tasks.join_next_with_id().await else {
            return std::future::pending().await;
        };
        let (id, escalation) =
            ended.expect("a change guards the plugins' code, and nobody aborts it");
        self.running.retain(|(running, _)| *running != id);
        self.begin_free();
        escalation
    }

    /// Whether a running or waiting change may start, stop or replace the instance.
    pub(super) fn touch(&self, id: InstanceId) -> bool {
        let running = self.running.iter().map(|(_, claim)| claim);
        let mut claims = running.chain(self.waiting.iter().map(|(claim, _)| claim));
        claims.any(|claim| claim.changed.contains(&id))
    }

    /// Drops the waiting changes, and waits for the running ones.
    pub(super) async fn finish(mut self) {
        self.waiting.clear();
        while self.tasks.join_next().await.is_some() {}
    }
}
