//! Identifies the process at the other end, and decides whether it may operate the service.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use plugin_http::Problem;

use crate::access::{Caller, Rights};
use crate::refusals::Who;

/// The user of the process at the other end, according to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) u32);

/// The user who may do anything on the machine.
const ROOT: u32 = 0;

impl Peer {
    /// The user of this process.
    pub(crate) fn own() -> Self {
        Self(rustix::process::geteuid().as_raw())
    }

    /// The name in the audit log: `uid:NAME`, or the number if the name is not known.
    fn named(self) -> String {
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        self.among(&users)
    }

    fn among(self, users: &str) -> String {
        let name = users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            let uid = fields.nth(1)?.parse::<u32>().ok()?;
            (uid == self.0 && !name.is_empty()).then_some(name)
        });
        name.map_or_else(|| self.to_string(), |name| format!("uid:{name}"))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uid:{}", self.0)
    }
}

/// The admitted users: the user of the service, and root.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    users: Arc<[(Peer, Caller); 2]>,
}

impl Gate {
    pub(crate) fn new(own: Peer) -> Self {
        let user = |peer: Peer| {
            let (name, rights) = (peer.named().into(), Rights::all());
            let address = None;
            (
                peer,
                Caller {
                    name,
                    address,
                    rights,
                },
            )
        };
        Self {
            users: Arc::new([user(own), user(Peer(ROOT))]),
        }
    }

    /// Refuses all requests of other users.
    pub(crate) fn before(self, router: Router) -> Router {
        router.layer(from_fn_with_state(self, check))
    }

    fn caller(&self, peer: Option<Peer>) -> Option<&Caller> {
        let mut users = self.users.iter();
        let (_, caller) = users.find(|(user, _)| Some(*user) == peer)?;
        Some(caller)
    }

    fn refuse(&self, who: &str) -> Problem {
        let [(_, own), _] = &*self.users;
        let own = &own.name;
        let detail = format!("`{who}` may not operate this service: ask as `{own}` or as root");
        Problem::new(StatusCode::FORBIDDEN, detail)
    }
}

async fn check(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let (who, mut answer) = match gate.caller(peer).cloned() {
        Some(caller) => {
            let who = Arc::clone(&caller.name);
            request.extensions_mut().insert(caller);
            (who, next.run(request).await)
        }
        None => {
            let who = peer.map_or_else(|| "a process without a user".to_owned(), Peer::named);
            let refused = gate.refuse(&who).into_response();
            (who.into(), refused)
        }
    };
    answer.extensions_mut().insert(Who(who));
    answer
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use axum::{Extension, http};
    use plugin_core::audit::{Audit, SecurityLog};
    use tower::ServiceExt;

    use crate::refusals::recorded;

    use super::*;

    #[test]
    fn a_user_has_the_name_that_the_system_knows() {
        let users = "root:x:0:0:root:/root:/bin/sh\nbroken\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(Peer(0).among(users), "uid:root");
        assert_eq!(Peer(1000).among(users), "uid:ann");
        assert_eq!(Peer(7).among(users), "uid:7");
        assert_eq!(Peer(7).among(""), "uid:7");
    }

    #[tokio::test]
    async fn only_the_owner_and_root_are_let_in_and_others_are_recorded() {
        let dir = tempfile::tempdir().unwrap();
        let audit = Audit::open(dir.path()).unwrap();
        let own = Peer(4_000_000_001);
        let gate = Gate::new(own);
        let log = SecurityLog::new(audit.clone(), "admin-plugin");
        let who = get(async |Extension(caller): Extension<Caller>| caller.name.to_string());
        let router = gate.before(Router::new().route("/who", who));
        let router = router.layer(from_fn_with_state(log, recorded));
        let ask = async |peer: Option<Peer>, path: &str| {
            let mut request = http::Request::builder().uri(path);
            if let Some(peer) = peer {
                request = request.extension(peer);
            }
            let request = request.body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            let status = answer.status().as_u16();
            let body = to_bytes(answer.into_body(), 4096).await.unwrap();
            (status, String::from_utf8(body.to_vec()).unwrap())
        };
        assert_eq!(ask(Some(own), "/who").await, (200, own.to_string()));
        assert_eq!(
            ask(Some(Peer(0)), "/who").await,
            (200, "uid:root".to_owned())
        );
        for peer in [Some(Peer(4_000_000_002)), None] {
            for path in ["/who", "/nothing"] {
                let (status, body) = ask(peer, path).await;
                assert_eq!(status, 403, "{body}");
                assert!(
                    body.contains("ask as `uid:4000000001` or as root"),
                    "{body}"
                );
            }
        }
        audit.close().await;
        let text = std::fs::read_to_string(dir.path().join("audit.ndjson")).unwrap();
        let denied = r#""user":"uid:4000000002","plugin":"admin-plugin","action":"admin","outcome":"denied","detail":"GET /who: `uid:4000000002` may not operate this service: ask as `uid:4000000001` or as root""#;
        assert!(text.contains(denied), "{text}");
    }
}
