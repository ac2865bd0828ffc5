//! The way to whoever answers one type of request right now.

use std::any::TypeId;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use arc_swap::ArcSwap;

use super::Request;
use super::responder::Responder;
use crate::context::Identity;
use crate::event::bus::Bus;
use crate::event::bus::requests::AnyRequestRoute;
use crate::event::handler::HandlerReport;

/// The way to whoever answers requests of one type. It outlives those who do. One instance of one
/// plugin answers; if it has replicas, each of them has a responder.
pub(super) struct RequestRoute<Q: Request> {
    responders: ArcSwap<Vec<Arc<Responder<Q>>>>,
    turn: AtomicUsize,
}

impl<Q: Request> Default for RequestRoute<Q> {
    fn default() -> Self {
        Self {
            responders: ArcSwap::default(),
            turn: AtomicUsize::new(0),
        }
    }
}

impl<Q: Request> RequestRoute<Q> {
    /// The route of this type of request to the instance of that label.
    pub(super) fn of(bus: &Bus, label: &'static str) -> Arc<Self> {
        bus.requests().of((TypeId::of::<Q>(), label))
    }

    /// The responder with the most room, in turn where several have as much; `None` if nobody runs.
    pub(super) fn responder(&self) -> Option<Arc<Responder<Q>>> {
        let responders = self.responders.load();
        if let [responder] = &responders[..] {
            return Some(Arc::clone(responder));
        }
        let turn = self.turn.fetch_add(1, Relaxed) % responders.len().max(1);
        let (before, after) = responders.split_at(turn);
        let by_turn = after.iter().chain(before).rev();
        by_turn.max_by_key(|responder| responder.room()).cloned()
    }

    /// Leads to a responder from now on, in the place of the same owner's earlier one.
    pub(super) fn open(&self, responder: &Arc<Responder<Q>>) {
        self.responders.rcu(|responders| {
            let mut next = others(responders, responder.owner());
            next.push(Arc::clone(responder));
            next
        });
    }
}

impl<Q: Request> AnyRequestRoute for RequestRoute<Q> {
    fn withdraw(&self, owner: &Identity) {
        self.responders.rcu(|responders| others(responders, owner));
    }

    fn reports(&self) -> Vec<HandlerReport> {
        self.responders
            .load()
            .iter()
            .map(|responder| responder.report())
            .collect()
    }
}

/// The responders that are not an owner's.
fn others<Q: Request>(
    responders: &[Arc<Responder<Q>>],
    owner: &Identity,
) -> Vec<Arc<Responder<Q>>> {
    let others = responders
        .iter()
        .filter(|responder| responder.owner().uid() != owner.uid());
    others.cloned().collect()
}
