//! Adds interceptors to the next table and removes them.

use std::sync::Arc;

use super::table::{Table, TableBuilder};
use crate::event::interceptor::bound::AnyInterceptor;
use crate::event::interceptor::topic_filter::TopicFilter;
use crate::event::interceptor::{Chain, InterceptorReport};

impl TableBuilder<'_> {
    /// Puts an interceptor into the chains of all topics for which it is called.
    pub(in crate::event) fn intercept(&mut self, interceptor: AnyInterceptor) {
        self.rebuild(interceptor.topics());
        Arc::make_mut(&mut self.interceptors).add(interceptor);
    }

    /// Removes interceptors.
    pub(in crate::event) fn release(&mut self, gone: &dyn Fn(u64) -> bool) {
        let mut left = Chain::clone(&self.interceptors);
        let released = left.remove(gone);
        if released.is_empty() {
            return;
        }
        self.interceptors = Arc::new(left);
        for topics in &released {
            self.rebuild(topics);
        }
    }

    /// Rebuilds the routes of some topics and of undeclared topics.
    fn rebuild(&mut self, topics: &TopicFilter) {
        for (at, topic) in self.topics.iter().enumerate() {
            if topics.matches(topic) {
                self.builder(at);
            }
        }
        self.builder(self.table.untyped());
    }
}

impl Table {
    pub(in crate::event) fn interceptors(&self) -> &Arc<Chain> {
        &self.interceptors
    }

    /// The counters of all interceptors so far.
    pub(in crate::event) fn interceptor_reports(&self) -> Vec<InterceptorReport> {
        self.interceptors.reports()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Identity;
    use crate::event::interceptor::bound::{BoundInterceptor, OnPublish, Registration};
    use crate::event::routing::route::{AnyRoute, Route, RouteKind};
    use crate::lifecycle::{PluginStarted, SystemStarted};
    use crate::options::Stage;
    use crate::pattern::Pattern;
    use crate::permission::Grants;

    const TOPICS: [&str; 2] = ["plugin.started", "system.started"];

    fn interceptor(topics: &str) -> AnyInterceptor {
        let owner = Arc::new(Identity::new(
            "guard",
            crate::context::InstanceId::default(),
            Grants::all("guard"),
        ));
        let topics = TopicFilter::new(vec![Pattern::parse(topics).unwrap()]);
        let call: Box<OnPublish> = Box::new(|_| Ok(None));
        let registration = Registration::new(&owner, ("check", Stage::Publish), (topics, 0), 1);
        AnyInterceptor::Publish(Arc::new(BoundInterceptor { registration, call }))
    }

    /// A publisher on another topic uses the table as if there were no interceptors: its route is
    /// not only equal but the same.
    #[test]
    fn the_routes_of_other_topics_are_not_touched() {
        let routes: [Arc<dyn AnyRoute>; 2] = [
            Arc::new(Route::<PluginStarted>::empty()),
            Arc::new(Route::<SystemStarted>::empty()),
        ];
        let table = Table::new(routes.into_iter());
        let mut builder = TableBuilder::new(&TOPICS, &table);
        builder.intercept(interceptor("plugin.*"));
        let with = builder.finish();
        let (started, system) = (
            with.route::<PluginStarted>(0),
            with.route::<SystemStarted>(1),
        );
        assert_eq!(started.kind(), RouteKind::Intercepted);
        assert_eq!(system.kind(), RouteKind::Nobody);
        assert!(std::ptr::eq(system, table.route::<SystemStarted>(1)));

        let mut builder = TableBuilder::new(&TOPICS, &with);
        builder.release(&|subscription| subscription == 1);
        let without = builder.finish();
        let started = without.route::<PluginStarted>(0);
        assert_eq!(started.kind(), RouteKind::Nobody);
        assert!(started.interceptors.is_none());
    }
}
