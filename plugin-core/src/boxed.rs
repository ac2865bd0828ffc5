//! Futures and plugins with erased types.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A boxed future, as the hooks of a [`Descriptor`](crate::Descriptor) return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A plugin's instance with its type erased.
pub type PluginRef = Arc<dyn Any + Send + Sync>;

/// A type that is a plugin, for code that does not need its declarations. Every
/// [`Plugin`](crate::Plugin) implements it.
#[doc(hidden)]
pub trait PluginType: Send + Sync + 'static {}

/// The plugin behind an erased reference.
///
/// # Panics
///
/// Panics if it is a plugin of another type.
#[must_use]
pub fn downcast<P: PluginType>(plugin: PluginRef) -> Arc<P> {
    plugin
        .downcast()
        .expect("`init` of a descriptor builds the type that its hooks take")
}

/// The plugin behind an erased reference, as a provider of services.
#[must_use]
pub fn provider<P: PluginType>(plugin: &PluginRef) -> Arc<P> {
    downcast(Arc::clone(plugin))
}
