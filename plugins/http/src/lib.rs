//! An HTTP server for plugins: connections within limits, routes, and refusals that say what to do.
//!
//! [`Server`] takes what a [`Listener`] hands it, gives each connection a place within its
//! [`ServerLimits`], and is drained when the plugin stops. [`Limits`] bound what one request may
//! take. [`OwnOrigin`] refuses what pages of other origins have a browser send. [`Probes`] answer whether the service lives and is ready. Every answer of 4xx and 5xx is a [`Problem`], as RFC 9457 has it.

#![forbid(unsafe_code)]

mod problem;

mod body;
mod framing;
mod limits;
mod origin;
mod params;
mod refused;
mod route;
mod traced;

mod probes;

mod address;
mod server;
mod tcp;

pub use address::AddressFile;
pub use body::{JsonBody, is_json};
pub use framing::framed;
pub use limits::{Deadline, Limits};
pub use origin::OwnOrigin;
pub use params::Params;
pub use probes::{NotReady, Observed, Probes};
pub use problem::{Detail, Problem};
pub use route::Route;
pub use server::{
    Head, Listener, Room, Routers, Server, ServerLimits, Spawn, Streamed, Succession, Timeouts,
    network_of,
};
pub use tcp::{Peer, Tcp};
pub use traced::traced;
