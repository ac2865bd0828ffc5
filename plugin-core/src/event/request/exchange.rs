//! Who answers which request right now.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use super::Request;
use super::desk::Desk;
use crate::context::Identity;
use crate::event::handler::HandlerReport;

/// The way to whoever answers requests of one type. It outlives those who do. One plugin answers;
/// if it has replicas, each of them has a desk.
pub(super) struct Line<Q: Request> {
    desks: ArcSwap<Vec<Arc<Desk<Q>>>>,
    turn: AtomicUsize,
}

impl<Q: Request> Line<Q> {
    /// The desk with the most room, in turn where several have as much; `None` if nobody runs.
    pub(super) fn desk(&self) -> Option<Arc<Desk<Q>>> {
        let desks = self.desks.load();
        if let [desk] = &desks[..] {
            return Some(Arc::clone(desk));
        }
        let turn = self.turn.fetch_add(1, Relaxed) % desks.len().max(1);
        let (before, after) = desks.split_at(turn);
        let by_turn = after.iter().chain(before).rev();
        by_turn.max_by_key(|desk| desk.room()).cloned()
    }

    /// Leads to a desk from now on, in the place of the same owner's earlier one.
    pub(super) fn open(&self, desk: &Arc<Desk<Q>>) {
        self.desks.rcu(|desks| {
            let mut next = others(desks, desk.owner());
            next.push(Arc::clone(desk));
            next
        });
    }
}

/// A line whose type of request is not named.
pub(super) trait AnyLine: Any + Send + Sync {
    /// Leads nowhere from now on, if it leads to that instance.
    fn withdraw(&self, owner: &Identity);
    /// What those who answer did so far.
    fn reports(&self) -> Vec<HandlerReport>;
}

impl<Q: Request> AnyLine for Line<Q> {
    fn withdraw(&self, owner: &Identity) {
        self.desks.rcu(|desks| others(desks, owner));
    }

    fn reports(&self) -> Vec<HandlerReport> {
        self.desks.load().iter().map(|desk| desk.report()).collect()
    }
}

/// The desks that are not an owner's.
fn others<Q: Request>(desks: &[Arc<Desk<Q>>], owner: &Identity) -> Vec<Arc<Desk<Q>>> {
    let others = desks
        .iter()
        .filter(|desk| desk.owner().uid() != owner.uid());
    others.cloned().collect()
}

impl fmt::Debug for dyn AnyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

/// All lines, by type of request.
#[derive(Default)]
pub(crate) struct Exchange {
    lines: Mutex<HashMap<TypeId, Arc<dyn AnyLine>>>,
}

impl Exchange {
    pub(super) fn line<Q: Request>(&self) -> Arc<Line<Q>> {
        let line = Arc::clone(self.lock().entry(TypeId::of::<Q>()).or_insert_with(|| {
            Arc::new(Line::<Q> {
                desks: ArcSwap::default(),
                turn: AtomicUsize::new(0),
            })
        }));
        let line: Arc<dyn Any + Send + Sync> = line;
        line.downcast()
            .expect("the line of a type is made for that type")
    }

    /// What everybody who answers did so far.
    pub(in crate::event) fn reports(&self) -> Vec<HandlerReport> {
        let mut reports: Vec<_> = (self.lock().values())
            .flat_map(|line| line.reports())
            .collect();
        reports.sort_by(|one, other| one.topic.cmp(&other.topic));
        reports
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TypeId, Arc<dyn AnyLine>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
