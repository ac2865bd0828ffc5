//! The route to the current responder of one type of request.

use std::any::TypeId;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use super::Request;
use super::responder::Responder;
use crate::context::Identity;
use crate::event::bus::Bus;
use crate::event::bus::requests::AnyRequestRoute;
use crate::event::handler::HandlerReport;

/// The route to the responders of one type of request. It outlives the responders. One instance of
/// one plugin answers; if it has replicas, each of them has a responder.
pub(super) struct RequestRoute<Q: Request> {
    /// The label of the responding instance.
    label: OnceLock<&'static str>,
    responders: ArcSwap<Vec<Arc<Responder<Q>>>>,
    turn: AtomicUsize,
}

impl<Q: Request> Default for RequestRoute<Q> {
    fn default() -> Self {
        Self {
            label: OnceLock::new(),
            responders: ArcSwap::default(),
            turn: AtomicUsize::new(0),
        }
    }
}

impl<Q: Request> RequestRoute<Q> {
    /// The route of this type of request to the instance with this label.
    pub(super) fn of(bus: &Bus, label: &'static str) -> Arc<Self> {
        let route: Arc<Self> = bus.requests().of((TypeId::of::<Q>(), label));
        route.label.get_or_init(|| label);
        route
    }

    /// The label of the responding instance.
    pub(super) fn label(&self) -> &'static str {
        self.label.get().copied().unwrap_or_default()
    }

    /// The responder with the most room, and in turn among equals; `None` if no responder runs.
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

    /// Adds a responder, which replaces the responder of an earlier life of the same instance.
    pub(super) fn open(&self, responder: &Arc<Responder<Q>>) {
        self.responders.rcu(|responders| {
            let name = responder.owner().name();
            let mut next = others(responders, |owner| owner.name() != name);
            next.push(Arc::clone(responder));
            next
        });
    }
}

impl<Q: Request> AnyRequestRoute for RequestRoute<Q> {
    fn withdraw(&self, owner: &Identity) {
        let uid = owner.uid();
        (self.responders).rcu(|responders| others(responders, |other| other.uid() != uid));
    }

    fn reports(&self) -> Vec<HandlerReport> {
        self.responders
            .load()
            .iter()
            .map(|responder| responder.report())
            .collect()
    }
}

/// The responders of other owners.
fn others<Q: Request>(
    responders: &[Arc<Responder<Q>>],
    is_other: impl Fn(&Identity) -> bool,
) -> Vec<Arc<Responder<Q>>> {
    let others = responders
        .iter()
        .filter(|responder| is_other(responder.owner()));
    others.cloned().collect()
}
