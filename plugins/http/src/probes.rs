//! Probes for orchestrators: whether the process is alive, has started, and is ready.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /livez`, `GET /healthz` | 200 as long as the manager works: a failure asks for a restart |
//! | `GET /startupz` | 200 once the start is over; until then 503, which names the plugins that do not run yet |
//! | `GET /readyz` | 200 if every plugin serves; else 503, which names the plugins that do not, and why |

use std::fmt;
use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::routing::get;
use plugin_core::lifecycle::{State, System};
use serde::Serialize;
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::route::Route;

/// A plugin that does not serve, or not yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotReady {
    /// Name of the instance.
    pub plugin: String,
    /// Its state.
    pub state: String,
    /// The reason, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The state that the probes report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// Whether the manager is stuck.
    pub is_stuck: bool,
    /// Whether the start is still in progress.
    pub is_starting: bool,
    /// The plugins that do not serve.
    pub not_ready: Vec<NotReady>,
}

/// Answers whether the process is alive, has started, and is ready.
#[derive(Clone)]
pub struct Probes(Arc<dyn Fn() -> Observed + Send + Sync>);

impl Probes {
    /// `GET /livez`.
    pub const LIVE: &'static str = "GET /livez";
    /// `GET /healthz`: the older name of `GET /livez`.
    pub const HEALTH: &'static str = "GET /healthz";
    /// `GET /readyz`.
    pub const READY: &'static str = "GET /readyz";
    /// `GET /startupz`.
    pub const STARTUP: &'static str = "GET /startupz";
    /// All of them.
    pub const ALL: [&'static str; 4] = [Self::LIVE, Self::HEALTH, Self::READY, Self::STARTUP];

    /// Probes of a system.
    #[must_use]
    pub fn of(system: System) -> Self {
        Self::new(move || observe(&system))
    }

    /// Probes that report the observed state.
    #[must_use]
    pub fn new(observe: impl Fn() -> Observed + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    /// Their routes.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        let with = || self.clone();
        vec![
            Route::new(Self::LIVE, get(alive).with_state(with())),
            Route::new(Self::HEALTH, get(alive).with_state(with())),
            Route::new(Self::READY, get(ready).with_state(with())),
            Route::new(Self::STARTUP, get(started).with_state(with())),
        ]
    }
}

impl fmt::Debug for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probes")
    }
}

fn observe(system: &System) -> Observed {
    let status = system.status();
    let missing = status.plugins.iter().filter(|plugin| !plugin.ready);
    Observed {
        is_stuck: !system.is_alive(),
        is_starting: status.state == State::Starting,
        not_ready: missing
            .map(|plugin| NotReady {
                plugin: plugin.name.to_owned(),
                state: plugin.state.to_string(),
                reason: match plugin.health.reason() {
                    Some(reason) => Some(reason.to_owned()),
                    None => plugin.last_error.clone(),
                },
            })
            .collect(),
    }
}

async fn alive(Shared(Probes(observe)): Shared<Probes>) -> Result<Json<Value>, Problem> {
    if !observe().is_stuck {
        return Ok(Json(json!({"status": "alive"})));
    }
    let detail = "the manager has not looked for something to do for longer than `health_interval` \
                  and ten seconds: restart the process";
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail))
}

async fn ready(Shared(Probes(observe)): Shared<Probes>) -> Result<Json<Value>, Problem> {
    let missing = observe().not_ready;
    if missing.is_empty() {
        return Ok(Json(json!({"status": "ready"})));
    }
    Err(refusal("not ready", &missing))
}

async fn started(Shared(Probes(observe)): Shared<Probes>) -> Result<Json<Value>, Problem> {
    let observed = observe();
    if !observed.is_starting {
        return Ok(Json(json!({"status": "started"})));
    }
    Err(refusal("not started yet", &observed.not_ready))
}

fn refusal(what: &str, missing: &[NotReady]) -> Problem {
    let told: Vec<_> = missing.iter().map(NotReady::told).collect();
    let detail = format!("{what}: {}", told.join("; "));
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with("plugins", json!(missing))
}

impl NotReady {
    fn told(&self) -> String {
        match &self.reason {
            Some(reason) => format!("`{}`: {reason}", self.plugin),
            None => format!("`{}`", self.plugin),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn ask(observed: &Observed, route: &str) -> (u16, Value) {
        let observed = observed.clone();
        let routes = Probes::new(move || observed.clone()).routes().into_iter();
        let router = routes.fold(Router::new(), |router, route| {
            router.route(route.path(), route.handler)
        });
        let (_, path) = route.split_once(' ').unwrap();
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn each_probe_says_its_own() {
        let missing = |plugin: &str, reason: Option<&str>| NotReady {
            plugin: plugin.to_owned(),
            state: "starting".to_owned(),
            reason: reason.map(str::to_owned),
        };
        let starting = Observed {
            is_stuck: false,
            is_starting: true,
            not_ready: vec![missing("a", None), missing("b", Some("no disk"))],
        };
        let degraded = Observed {
            is_starting: false,
            ..starting.clone()
        };
        let well = Observed::default();
        for route in [Probes::LIVE, Probes::HEALTH] {
            for observed in [&starting, &degraded, &well] {
                assert_eq!(ask(observed, route).await.0, 200, "{route} {observed:?}");
            }
        }
        for (observed, ready, started) in [
            (&starting, 503, 503),
            (&degraded, 503, 200),
            (&well, 200, 200),
        ] {
            assert_eq!(ask(observed, Probes::READY).await.0, ready, "{observed:?}");
            assert_eq!(
                ask(observed, Probes::STARTUP).await.0,
                started,
                "{observed:?}"
            );
        }
        let stuck = Observed {
            is_stuck: true,
            ..well
        };
        assert_eq!(ask(&stuck, Probes::LIVE).await.0, 503);
        let (_, told) = ask(&starting, Probes::STARTUP).await;
        assert_eq!(told["detail"], "not started yet: `a`; `b`: no disk");
        let named = json!({"plugin": "b", "state": "starting", "reason": "no disk"});
        assert_eq!(told["plugins"][1], named);
    }
}
