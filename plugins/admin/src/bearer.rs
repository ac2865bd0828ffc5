//! Identifies callers over TCP by their tokens. Wrong tokens are counted for each network.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use plugin_http::{Peer, Problem, network_of};
use tokio::time::Instant;

use crate::access::Caller;
use crate::refusals::Who;
use crate::token::{TokenConfig, TokenHash};

/// Number of wrong tokens from one network that get their normal answer in a [`WINDOW`].
const WRONG: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);

/// Most networks whose wrong tokens are counted at the same time.
const NETWORKS: usize = 1024;

/// The known callers, by their tokens.
#[derive(Debug, Clone)]
pub(crate) struct Bearers {
    known: Arc<[(TokenHash, Caller)]>,
    wrong: Arc<Mutex<BTreeMap<IpAddr, Wrong>>>,
}

/// The wrong tokens from one network.
#[derive(Debug, Clone, Copy)]
struct Wrong {
    since: Instant,
    count: u32,
}

impl Bearers {
    pub(crate) fn new(tokens: &[TokenConfig]) -> Self {
        let known = tokens.iter().map(|token| {
            let caller = Caller {
                name: format!("token:{}", token.name).into(),
                address: None,
                rights: token.granted(),
            };
            (token.hash, caller)
        });
        Self {
            known: known.collect(),
            wrong: Arc::default(),
        }
    }

    fn find(&self, token: &str) -> Option<&Caller> {
        let hash = TokenHash::of(token);
        // All of them are compared, so that the time does not show which one matches.
        let known = self.known.iter();
        known.fold(None, |found, (known, caller)| match *known == hash {
            true => Some(caller),
            false => found,
        })
    }

    /// Counts a wrong token. If there were too many, returns how long all tokens from this network
    /// are refused.
    fn count(&self, address: IpAddr) -> Option<Duration> {
        let now = Instant::now();
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.len() >= NETWORKS {
            wrong.retain(|_, it| now.duration_since(it.since) < WINDOW);
        }
        if wrong.len() >= NETWORKS {
            return Some(WINDOW);
        }
        let entry = wrong.entry(network_of(address));
        let entry = entry.or_insert(Wrong {
            since: now,
            count: 0,
        });
        if now.duration_since(entry.since) >= WINDOW {
            *entry = Wrong {
                since: now,
                count: 0,
            };
        }
        entry.count = entry.count.saturating_add(1);
        let left = WINDOW.saturating_sub(now.duration_since(entry.since));
        (entry.count > WRONG).then_some(left)
    }

    fn identify(&self, headers: &HeaderMap, address: Option<IpAddr>) -> Result<Caller, Problem> {
        let Some(token) = bearer(headers) else {
            let detail = "send a token as `Authorization: Bearer …`: `tokens` in the config of \
                          `admin-plugin` says whose there are, `token new` makes one";
            return Err(unauthorized(detail, "Bearer"));
        };
        let Some(caller) = self.find(token) else {
            return Err(match address.and_then(|address| self.count(address)) {
                Some(pause) => {
                    let detail = "too many wrong tokens came from this address";
                    Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(pause)
                }
                None => unauthorized(
                    "the token is not known: `tokens` in the config of `admin-plugin` has not its \
                     hash",
                    r#"Bearer error="invalid_token""#,
                ),
            });
        };
        let address = address.map(|address| address.to_string().into());
        Ok(Caller {
            address,
            ..caller.clone()
        })
    }
}

/// Admits requests with a known token; handlers can extract the [`Caller`].
pub(crate) async fn identified(
    State(bearers): State<Bearers>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<Peer>();
    let address = peer.map(|Peer(peer)| peer.ip().to_canonical());
    let caller = match bearers.identify(request.headers(), address) {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let who = Who(Arc::clone(&caller.name));
    request.extensions_mut().insert(caller);
    let mut answer = next.run(request).await;
    answer.extensions_mut().insert(who);
    answer
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn unauthorized(detail: &str, challenge: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail).header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(challenge),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(bearers: &Bearers, token: &str, address: &str) -> u16 {
        let mut headers = HeaderMap::new();
        let value = format!("Bearer {token}");
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        match bearers.identify(&headers, Some(address.parse().unwrap())) {
            Ok(caller) => {
                assert_eq!(caller.address.as_deref(), Some(address));
                200
            }
            Err(problem) => problem.into_response().status().as_u16(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_tokens_slow_down_their_network_and_never_who_has_one() {
        let tokens = serde_json::json!([
            {"name": "ann", "hash": TokenHash::of("right").to_string(), "role": "viewer"},
        ]);
        let tokens: Vec<TokenConfig> = serde_json::from_value(tokens).unwrap();
        let bearers = Bearers::new(&tokens);
        for _ in 0..WRONG {
            assert_eq!(status(&bearers, "wrong", "192.0.2.1"), 401);
        }
        assert_eq!(status(&bearers, "wrong", "192.0.2.1"), 429);
        assert_eq!(status(&bearers, "right", "192.0.2.1"), 200);
        assert_eq!(status(&bearers, "wrong", "192.0.2.2"), 401);
        tokio::time::advance(WINDOW).await;
        assert_eq!(status(&bearers, "wrong", "192.0.2.1"), 401);
    }

    #[tokio::test(start_paused = true)]
    async fn the_count_of_wrong_tokens_takes_bounded_room() {
        let bearers = Bearers::new(&[]);
        for at in 0..3000_u32 {
            let address = IpAddr::from(at.to_be_bytes()).to_string();
            status(&bearers, "wrong", &address);
        }
        assert_eq!(bearers.wrong.lock().unwrap().len(), NETWORKS);
        assert_eq!(status(&bearers, "wrong", "192.0.2.1"), 429);
        tokio::time::advance(WINDOW).await;
        assert_eq!(status(&bearers, "wrong", "192.0.2.1"), 401);
        assert_eq!(bearers.wrong.lock().unwrap().len(), 1);
    }
}
