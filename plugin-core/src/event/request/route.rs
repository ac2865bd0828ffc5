//! The way to whoever answers one type of request right now.

use std::any::TypeId;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use arc_swap::ArcSwap;

use super::Request;
use super::desk::Desk;
use crate::context::Identity;
use crate::event::bus::Bus;
use crate::event::bus::requests::AnyRequestRoute;
use crate::event::handler::HandlerReport;

/// The way to whoever answers requests of one type. It outlives those who do. One plugin answers;
/// if it has replicas, each of them has a desk.
pub(super) struct RequestRoute<Q: Request> {
    desks: ArcSwap<Vec<Arc<Desk<Q>>>>,
    turn: AtomicUsize,
}

impl<Q: Request> Default for RequestRoute<Q> {
    fn default() -> Self {
        Self {
            desks: ArcSwap::default(),
            turn: AtomicUsize::new(0),
        }
    }
}

impl<Q: Request> RequestRoute<Q> {
    /// The route of this type of request.
    pub(super) fn of(bus: &Bus) -> Arc<Self> {
        bus.requests().of(TypeId::of::<Q>())
    }

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

impl<Q: Request> AnyRequestRoute for RequestRoute<Q> {
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
