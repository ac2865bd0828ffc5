//! Instances in processes of their own: the host's side and the child's.
//!
//! The child is the binary of the host started again. It holds the composed set, runs one instance
//! of it, and speaks with the host over a Unix socket, its standard input. The host has checked the
//! plan, the rights and the config; mailboxes, retries, dead letters and supervision stay with it.

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
