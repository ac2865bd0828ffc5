//! Plugins, services and events of a set, and how they hang together.
//!
//! [`Graph::of`] reads the graph off the descriptors and the config; nothing needs to run. [`mermaid`]
//! and [`dot`] write it for other programs to draw. [`Drawing::of`] draws it itself: it gives every
//! node a place and every edge its points, and [`svg`] makes a picture of that.

#![forbid(unsafe_code)]

mod interceptors;
mod model;
mod requests;

mod dot;
mod mermaid;

mod drawing;
mod layout;
mod svg;

pub use dot::dot;
pub use drawing::{Drawing, Edge, EdgeKind, Node, NodeKind, Point};
pub use interceptors::{InterceptorNode, priority};
pub use mermaid::mermaid;
pub use model::{EventNode, Graph, GroupNode, PluginNode, ServiceNode};
pub use requests::RequestNode;
pub use svg::svg;

#[cfg(test)]
mod tests;
