//! Serves the HTTP interface of the business: logins, users, events, and health. Operators have the
//! interface of `admin-plugin`.
//!
//! | route | answer |
//! | --- | --- |
//! | `POST /login` | a token for `{"user_id", "password"}` |
//! | `POST /logout` | the token is revoked; with `?everywhere=true` all tokens of the caller |
//! | `GET /users/{id}` | the user; by default only the caller's own |
//! | `POST /events/{topic}` | 202 once the event is accepted everywhere and stored |
//! | `GET /livez`, `GET /healthz` | 200 while the manager works |
//! | `GET /startupz` | 200 once the start is over, else 503 with those that do not run yet |
//! | `GET /readyz` | 200 when all plugins serve, else 503 with those that don't |
//!
//! A request goes on with the trace that its header `traceparent` names, or begins one, and the
//! answer names its span in the same header.
//!
//! What the config does not list as `open` needs `Authorization: Bearer …`. Every refusal has an
//! `application/problem+json` body that says why.
//!
//! An event is answered 202 when it is stored, and 503 when it was not published. One that is
//! neither yet at the end of `request_timeout` is answered 202, `pending`, with a key: the same
//! request with that key in `Idempotency-Key` is answered with what became of it. Callers may send
//! keys of their own: a second request with a key publishes nothing twice.
//!
//! A caller can publish only what speaks for himself, by the `subject` of the event's type; users
//! in `may_publish_for` can publish for others.
//!
//! What callers are refused is in the audit log, at a bounded rate. Where a request comes from is
//! the other end of its connection, or what a proxy that `trusted_proxies` names says of it.
//!
//! A client that is slow, or opens too many connections, loses them: [`ApiConfig`] has the limits.
//! Probes are answered beside a full house.
//!
//! It needs `Auth` and `UserService`, hears no events, and publishes what callers send, as far as
//! its `permissions` go. The file `address` in its data directory holds the address while it
//! listens.

#![forbid(unsafe_code)]

mod config;

mod idempotency;

mod audited;
mod auth;
mod client;
mod routes;

mod plugin;

pub use client::{Network, NetworkError, ProxyHeader};
pub use config::{ApiConfig, UserAccess};
pub use plugin::Api;
