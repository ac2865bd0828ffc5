//! The routes, one table: a route that the config does not list as open is behind the check.

mod events;
mod health;
mod session;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::routing::MethodRouter;
use plugin_contracts::{Auth, UserService};
use plugin_core::event::Publishers;
use plugin_core::{Error, Result};

use crate::auth::guarded;
use crate::config::ApiConfig;
use crate::server::Spawn;

pub(crate) use health::{NotReady, Readiness};

/// What the routes lead to.
#[derive(Clone)]
pub(crate) struct Backends {
    pub(crate) auth: Arc<dyn Auth>,
    pub(crate) users: Arc<dyn UserService>,
    pub(crate) publishers: Publishers,
    pub(crate) readiness: Readiness,
    pub(crate) spawn: Spawn,
}

/// A method and a path, as `METHOD /path`, and what answers there.
pub(crate) struct Route {
    name: &'static str,
    handler: MethodRouter,
}

impl Route {
    fn new(name: &'static str, handler: MethodRouter) -> Self {
        Self { name, handler }
    }

    fn path(&self) -> &'static str {
        self.name
            .split_once(' ')
            .map_or(self.name, |(_, path)| path)
    }
}

/// Names of all routes.
const NAMES: [&str; 6] = [
    session::LOGIN,
    session::LOGOUT,
    users::FIND,
    events::PUBLISH,
    health::ALIVE,
    health::READY,
];

/// Whether every route that the config opens is there.
///
/// # Errors
///
/// When one is not.
pub(crate) fn check_open(open: &[String]) -> Result<()> {
    match open.iter().find(|route| !NAMES.contains(&route.as_str())) {
        None => Ok(()),
        Some(route) => Err(Error::config(format!(
            "`open`: there is no route `{route}`: use any of `{}`",
            NAMES.join("`, `")
        ))),
    }
}

/// All routes.
pub(crate) fn router(backends: &Backends, config: &ApiConfig) -> Router {
    let routes = [
        session::routes(&backends.auth),
        users::routes(&backends.users, config.users),
        events::routes(&backends.publishers, &backends.spawn),
        health::routes(&backends.readiness),
    ];
    assemble(routes.into_iter().flatten(), &backends.auth, &config.open)
}

fn assemble(routes: impl Iterator<Item = Route>, auth: &Arc<dyn Auth>, open: &[String]) -> Router {
    routes.fold(Router::new(), |router, route| {
        let is_open = open.iter().any(|open| open == route.name);
        let path = route.path();
        let handler = if is_open {
            route.handler
        } else {
            guarded(route.handler, auth)
        };
        router.route(path, handler)
    })
}

#[cfg(test)]
mod tests;
