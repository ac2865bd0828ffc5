//! Lets the owner of a running service operate it: from the command line of its own binary, over a
//! Unix socket in its data folder.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /` and what it loads | the console; over TCP alone, and without a token, which it asks for |
//! | `GET /v1` | the versions of the service and of this interface, its process, the routes, the caller |
//! | `GET /v1/openapi.json` | this interface as OpenAPI 3.2 |
//! | `GET /v1/status` | the state of the whole and of each plugin |
//! | `GET /v1/plugins` | the state of each plugin |
//! | `GET /v1/plugins/{plugin}` | the state of each instance of one |
//! | `POST /v1/plugins/{plugin}/{action}` | what changed by `start`, `stop`, `restart`, `reload`, `load`, `unload`, `enable`, `disable` or `reset` |
//! | `GET /v1/instances` | a row for each instance: what it is and does now, `fields`, `limit` and `cursor` |
//! | `GET /v1/instances/{instance}` | one of them, with its handlers, limits and history |
//! | `GET /v1/history/{instance}` | what it did: two minutes by seconds, an hour by half minutes |
//! | `GET /v1/stream` | state changes, operations, rates, lines of the log and taps of events, as they occur |
//! | `GET /v1/logs` | the last lines of the log |
//! | `GET /v1/graph`, `GET /v1/graph.svg` | plugins, services and events as a drawing, with the figures of the edges; the same as a picture |
//! | `POST /v1/reload` | what changed for each instance when config was read again |
//! | `POST /v1/reset` | what changed because config decides again which plugins are enabled |
//! | `GET /v1/schedules` | the status of every schedule |
//! | `POST /v1/plugins/{plugin}/schedules/{schedule}/{action}` | the schedule after `pause`, `resume`, `run` or `cancel` |
//!
//! The body of a `POST` is a JSON object: `{}`; `{"cascade": true}` for a `stop`, `unload` or
//! `disable` that includes the plugins that need the plugin; `{"dry_run": true}` to get the changes
//! without making them, for all operations except `start`, `stop` and `restart`. A key that this
//! version does not know is refused, so that a client of a later version never gets something other
//! than it asked for. Every refusal is a problem (RFC 9457) that says what to do.
//!
//! The socket is `admin.sock` in the plugin's data directory. Only the owner can access it, and the
//! user of the process at the other end is checked for each request: only the service's own user
//! and root are served. [`Client`] is the other end.
//!
//! A data folder is used by one service only, because the manager locks it. A socket that a killed
//! process left is replaced.
//!
//! Connections of a client that is slow, or that has too many of them, are closed, and no client
//! delays a stop: [`AdminConfig`] has the limits.

#![forbid(unsafe_code)]

mod access;
mod config;

mod path;
mod peer;

mod bearer;
mod refusals;
mod remote;
mod token;

mod client;
mod console;
mod elsewhere;
mod live;
mod openapi;
mod route;
mod routes;
mod socket;
mod stream;
mod tap;

mod plugin;

pub use access::{Right, Rights, Role};
pub use client::{Answer, Client, ClientError, EventStream, Listened, StreamMessage};
pub use config::AdminConfig;
pub use plugin::Admin;
pub use remote::TlsConfig;
pub use token::{TokenConfig, TokenHash, TokenHashError, new_token};
