//! An HTTP server for plugins: connections with limits, routes, and refusals that say what to do.
//!
//! [`Server`] accepts connections from a [`Listener`], gives each a place within its
//! [`ServerLimits`], and is drained when the plugin stops. [`Limits`] limit the resources of one
//! request. [`OwnOrigin`] refuses requests that web pages of other origins make a browser send.
//! [`Probes`] answer whether the service is alive and ready. Every answer of 4xx and 5xx is a
//! [`Problem`] according to RFC 9457.

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
