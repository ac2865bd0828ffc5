//! Serves the HTTP interface of the business: logins, users, events, and health. Operators use the
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
//! A request continues the trace in its header `traceparent`, or begins a new one, and the answer
//! contains its span in the same header.
//!
//! Routes that the config does not list as `open` require `Authorization: Bearer …`. Every refusal
//! has an `application/problem+json` body with the reason.
//!
//! An event gets the answer 202 when it is stored, and 503 when it was not published. If neither is
//! known at the end of `request_timeout`, the answer is 202 with `pending` and a key: if the same
//! request is sent again with this key in `Idempotency-Key`, its answer is the result. Callers may
//! send keys of their own: a second request with the same key does not publish the event again.
//!
//! A caller can publish only events that act for himself, according to the `subject` of the event's
//! type. Users in `may_publish_for` can publish for other users.
//!
//! Refusals are recorded in the audit log, at a limited rate. The origin of a request is the other
//! end of its connection, or the address that a proxy in `trusted_proxies` reports.
//!
//! Connections of a client that is slow or opens too many of them are closed: [`ApiConfig`] has the
//! limits. Probes are answered even if there is no room for further connections.
//!
//! It needs `Auth` and `UserService`, handles no events, and publishes the events of callers, as
//! far as its `permissions` allow. The file `address` in its data directory contains the address
//! while it listens.

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
