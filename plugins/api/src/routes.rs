//! The routes in one table. A route that the config does not list as open is behind the check.

mod events;
mod session;
mod users;

use std::sync::Arc;

use axum::Router;
use plugin_contracts::{Auth, UserService};
use plugin_core::audit::SecurityLog;
use plugin_core::event::Publishers;
use plugin_core::{Error, Result};
use plugin_http::{Probes, Problem, Route, Spawn};

use crate::audited::audited;
use crate::auth::guarded;
use crate::config::ApiConfig;
use crate::idempotency::Keys;

/// The services behind the routes.
#[derive(Clone)]
pub(crate) struct Backends {
    pub(crate) auth: Arc<dyn Auth>,
    pub(crate) users: Arc<dyn UserService>,
    pub(crate) publishers: Publishers,
    pub(crate) log: SecurityLog,
    pub(crate) probes: Probes,
    pub(crate) spawn: Spawn,
    pub(crate) keys: Arc<Keys>,
}

/// Names of all routes.
const NAMES: [&str; 8] = [
    session::LOGIN,
    session::LOGOUT,
    users::FIND,
    events::PUBLISH,
    Probes::LIVE,
    Probes::HEALTH,
    Probes::READY,
    Probes::STARTUP,
];

/// Checks that every route that the config opens exists.
///
/// # Errors
///
/// Returns an error if one does not.
pub(crate) fn check_open(open: &[String]) -> Result<()> {
    let unknown = open.iter().find(|route| !NAMES.contains(&route.as_str()));
    unknown.map_or(Ok(()), |route| {
        Err(Error::config(format!(
            "`open`: there is no route `{route}`: use any of `{}`",
            NAMES.join("`, `")
        )))
    })
}

/// All routes.
pub(crate) fn router(backends: &Backends, config: &ApiConfig) -> Router {
    let routes = [
        session::routes(&backends.auth),
        users::routes(&backends.users, config.users),
        events::routes(backends, config),
        backends.probes.routes(),
    ];
    assemble(routes.into_iter().flatten(), backends.guard(), &config.open)
}

/// Only the probes, for connections for which there is no room.
pub(crate) fn spare(backends: &Backends, config: &ApiConfig) -> Router {
    let probes = backends.probes.routes().into_iter();
    assemble(probes, backends.guard(), &config.open).fallback(no_room)
}

async fn no_room() -> Problem {
    Problem::unavailable(
        "there is no room for one more connection: `max_connections`, or of one address \
         `max_connections_per_address`, have a request that is being answered",
    )
}

/// The authentication of callers, and the log for refusals.
type Guard<'a> = (&'a Arc<dyn Auth>, &'a SecurityLog);

impl Backends {
    fn guard(&self) -> Guard<'_> {
        (&self.auth, &self.log)
    }
}

fn assemble(
    routes: impl Iterator<Item = Route>,
    (auth, log): Guard<'_>,
    open: &[String],
) -> Router {
    routes.fold(Router::new(), |router, route| {
        let is_open = open.iter().any(|open| open == route.name);
        let path = route.path();
        let action = action(route.name);
        let handler = if is_open {
            route.handler
        } else {
            guarded(route.handler, auth)
        };
        router.route(path, audited(handler, log, action))
    })
}

/// The word of the audit log for the use of a route.
fn action(route: &str) -> &'static str {
    match route {
        session::LOGIN => "login",
        session::LOGOUT => "logout",
        users::FIND => "users.read",
        events::PUBLISH => "events.publish",
        _ => "health.read",
    }
}

#[cfg(test)]
mod tests;
