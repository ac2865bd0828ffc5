//! A route: its name and its handler.

use axum::routing::MethodRouter;

/// A method and a path, as `METHOD /path`, and the handler.
#[derive(Debug)]
pub struct Route {
    /// Its name.
    pub name: &'static str,
    /// The handler.
    pub handler: MethodRouter,
}

impl Route {
    /// A route.
    #[must_use]
    pub fn new(name: &'static str, handler: MethodRouter) -> Self {
        Self { name, handler }
    }

    /// The path in its name.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.name
            .split_once(' ')
            .map_or(self.name, |(_, path)| path)
    }
}
