//! The routes of requests: one for each type, which exists as long as the bus.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::context::Identity;
use crate::event::handler::HandlerReport;

/// A route with an erased type of request.
pub(in crate::event) trait AnyRequestRoute: Any + Send + Sync {
    /// Removes the responder of this instance from the route, if it is there.
    fn withdraw(&self, owner: &Identity);
    /// The counters of the responders so far.
    fn reports(&self) -> Vec<HandlerReport>;
}

impl fmt::Debug for dyn AnyRequestRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestRoute")
    }
}

/// A type of request, and the label of the responding instance.
type RouteKey = (TypeId, &'static str);

/// All routes.
#[derive(Default)]
pub(in crate::event) struct RequestRoutes {
    routes: Mutex<HashMap<RouteKey, Arc<dyn AnyRequestRoute>>>,
}

impl RequestRoutes {
    /// The route of a type of request to an instance. The route has the type `R`.
    pub(in crate::event) fn of<R: AnyRequestRoute + Default>(&self, request: RouteKey) -> Arc<R> {
        let mut routes = self.lock();
        let route = routes
            .entry(request)
            .or_insert_with(|| Arc::new(R::default()));
        let route: Arc<dyn Any + Send + Sync> = Arc::clone(route) as _;
        route
            .downcast()
            .expect("the route of a type of request is made for that type")
    }

    /// The counters of all responders so far.
    pub(super) fn reports(&self) -> Vec<HandlerReport> {
        let mut reports: Vec<_> = (self.lock().values())
            .flat_map(|route| route.reports())
            .collect();
        reports.sort_by(|one, other| one.topic.cmp(&other.topic));
        reports
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RouteKey, Arc<dyn AnyRequestRoute>>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
