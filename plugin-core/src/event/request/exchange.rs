//! Who answers which request right now.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;

use super::Request;
use super::desk::Desk;
use crate::event::handler::HandlerReport;
use crate::instance::Identity;

/// The way to whoever answers requests of one type. It outlives those who do.
pub(super) struct Line<Q: Request> {
    desk: ArcSwapOption<Desk<Q>>,
}

impl<Q: Request> Line<Q> {
    /// The desk of this moment, if there is one.
    pub(super) fn desk(&self) -> Option<Arc<Desk<Q>>> {
        self.desk.load_full()
    }

    /// Leads to another desk from now on.
    pub(super) fn open(&self, desk: Arc<Desk<Q>>) {
        self.desk.store(Some(desk));
    }
}

/// A line whose type of request is not named.
pub(super) trait AnyLine: Any + Send + Sync {
    /// Leads nowhere from now on, if it leads to that instance.
    fn withdraw(&self, owner: &Identity);
    fn report(&self) -> Option<HandlerReport>;
}

impl<Q: Request> AnyLine for Line<Q> {
    fn withdraw(&self, owner: &Identity) {
        self.desk.rcu(|desk| {
            let others = desk
                .as_ref()
                .filter(|desk| desk.owner().uid() != owner.uid());
            others.cloned()
        });
    }

    fn report(&self) -> Option<HandlerReport> {
        Some(self.desk()?.report())
    }
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
                desk: ArcSwapOption::empty(),
            })
        }));
        let line: Arc<dyn Any + Send + Sync> = line;
        line.downcast()
            .expect("the line of a type is made for that type")
    }

    /// What everybody who answers did so far.
    pub(in crate::event) fn reports(&self) -> Vec<HandlerReport> {
        let mut reports: Vec<_> = (self.lock().values())
            .filter_map(|line| line.report())
            .collect();
        reports.sort_by(|one, other| one.topic.cmp(&other.topic));
        reports
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TypeId, Arc<dyn AnyLine>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
