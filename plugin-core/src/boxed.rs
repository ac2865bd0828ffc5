//! Futures and plugins whose types are erased.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A boxed future, as the hooks of a [`Descriptor`](crate::Descriptor) return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A plugin's instance with its type erased.
pub type PluginRef = Arc<dyn Any + Send + Sync>;

/// A type that is a plugin, for code that need not know what a plugin declares: every
/// [`Plugin`](crate::Plugin) is one.
#[doc(hidden)]
pub trait PluginType: Send + Sync + 'static {}

/// The plugin behind an erased reference.
///
/// # Panics
///
/// When it is a plugin of another type.
#[must_use]
pub fn downcast<P: PluginType>(plugin: PluginRef) -> Arc<P> {
    plugin
        .downcast()
        .expect("`init` of a descriptor builds the type that its hooks take")
}

/// The plugin behind an erased reference, as a provider.
#[must_use]
pub fn provider<P: PluginType>(plugin: &PluginRef) -> Arc<P> {
    downcast(Arc::clone(plugin))
}
