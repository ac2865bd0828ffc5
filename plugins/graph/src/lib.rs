//! The plugins, services and events of a set, and their connections.
//!
//! [`Graph::of`] derives the graph from the descriptors and the config, so nothing has to run.
//! [`mermaid`] and [`dot`] write it for other drawing programs. [`Drawing::of`] draws it itself: it
//! computes the position of every node and the points of every edge, and [`svg`] makes a picture of
//! the drawing.

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
