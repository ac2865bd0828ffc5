//! Changes of what runs, each on a task of its own: those that touch the same instances run one
//! after the other, in the order in which they were decided, the others side by side. So a plugin
//! that takes long to stop holds up nobody but those who need it.

use std::collections::{BTreeSet, VecDeque};

use tokio::task::{Id, JoinSet};

use super::kernel::Kernel;
use super::wiring::TiedTo;
use crate::boxed::BoxFuture;
use crate::context::InstanceId;

/// Why the system has to stop, if it has to.
pub(super) type Escalation = Option<String>;

/// The instances that a change touches.
#[derive(Debug, Default)]
pub(super) struct Footprint {
    /// Those that it may start, stop or replace.
    changed: BTreeSet<InstanceId>,
    /// Those that they need, which have to stay as they are meanwhile.
    needed: BTreeSet<InstanceId>,
}

impl Footprint {
    /// What a change of these instances can touch: them, and all that can't be without them.
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

    /// What a change of any instance can touch.
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

/// The changes that run, and those that wait for them.
#[derive(Default)]
pub(super) struct Changes {
    tasks: JoinSet<Escalation>,
    running: Vec<(Id, Footprint)>,
    waiting: VecDeque<(Footprint, BoxFuture<'static, Escalation>)>,
}

impl Changes {
    /// Begins a change, as soon as none that was decided before touches what it touches.
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

    /// Waits for the end of the next change to end; for ever, if none runs. Says whether the system
    /// has to stop for what it met.
    ///
    /// # Cancel safety
    ///
    /// The change that ended is told by the next call.
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

    /// Whether a change that runs or waits may start, stop or replace the instance.
    pub(super) fn touch(&self, id: InstanceId) -> bool {
        let running = self.running.iter().map(|(_, claim)| claim);
        let mut claims = running.chain(self.waiting.iter().map(|(claim, _)| claim));
        claims.any(|claim| claim.changed.contains(&id))
    }

    /// Gives up the changes that wait, and waits for those that run.
    pub(super) async fn finish(mut self) {
        self.waiting.clear();
        while self.tasks.join_next().await.is_some() {}
    }
}
