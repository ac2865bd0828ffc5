//! Futures and plugins whose types are erased.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A boxed future, as the hooks of a [`Descriptor`](crate::Descriptor) return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A plugin's instance with its type erased.
pub type PluginRef = Arc<dyn Any + Send + Sync>;
