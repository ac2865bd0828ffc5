//! Instances in processes of their own: the side of the host and the side of the child.
//!
//! The child is another process of the host's binary. It contains the composed set, runs one
//! instance of it, and communicates with the host over a Unix socket, which is its standard input.
//! The host checks the plan, the rights and the config. Mailboxes, retries, dead letters and
//! supervision stay in the host.

mod child;
mod connection;
mod frame;
mod hooks;
mod link;
mod logged;
mod process;
mod remote;
mod route;
mod served;
mod spec;
mod upstream;
mod watched;
mod wire;

pub use child::serve;
pub(crate) use hooks::{ProcessSetup, ProcessStart, hooks};
pub(crate) use remote::Remote;
pub(crate) use route::ServiceRoute;
