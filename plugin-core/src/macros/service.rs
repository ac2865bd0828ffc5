//! `#[service]`.

/// Turns a trait into a service, or marks an `impl` of it as the provider's part.
///
/// A plugin provides a service with `provides(Trait)` in its `#[plugin]`. Another plugin asks for
/// the service with a parameter [`Service<dyn Trait>`](crate::service::Service) of its `init`, and
/// calls the methods on that handle.
///
/// # On a trait
///
/// - `many`: several plugins of a build may provide the service, which is then an extension point.
///   A plugin asks for it as [`Services<dyn Trait>`](crate::service::Services). Without this option
///   there is one provider.
/// - `remote`: the service can be called from another process, so that the plugins that provide and
///   need it can run in processes of their own (`isolation: process`). Its methods are `async`, take
///   and return types with `Serialize` and `Deserialize`, and return a `Result` whose error is
///   [`Error`](crate::Error) or another [`RemoteError`](crate::service::RemoteError). Arguments are
///   taken as `T`, `&T` or `Option<&T>`. In one process nothing changes. `docs/isolation.md` says
///   what holds between processes.
/// - `crate = path`: the path of `plugin_core`, if it is not `::plugin_core`.
///
/// The trait gets the supertraits `Send`, `Sync` and `'static`. The first paragraph of its doc
/// comment becomes its description. A method takes `&self` and arguments with plain names, has no
/// generics, and returns an owned value. An `async fn` becomes a `fn` that returns a
/// [`ServiceFuture`](crate::service::ServiceFuture), with one lifetime for all borrowed arguments;
/// a `fn` is not changed.
///
/// # On an `impl`
///
/// `#[service] impl Trait for Plugin` gives each `async fn` the form that it has in the trait. An
/// `impl` without an `async fn` does not need the attribute.
///
/// # Example
///
/// ```
/// use plugin_core::prelude::*;
///
/// /// Counts words.
/// #[service]
/// pub trait WordCount {
///     /// How many words the text has.
///     async fn count(&self, text: &str) -> Result<usize>;
/// }
///
/// struct Counter;
///
/// #[plugin(name = "counter-plugin", version = "1.0.0", provides(WordCount))]
/// impl Counter {
///     #[init]
///     fn init() -> Self {
///         Self
///     }
/// }
///
/// #[service]
/// impl WordCount for Counter {
///     async fn count(&self, text: &str) -> Result<usize> {
///         Ok(text.split_whitespace().count())
///     }
/// }
///
/// /// A handle is a value of the trait like any other.
/// async fn is_short(counter: &Service<dyn WordCount>, text: &str) -> Result<bool> {
///     Ok(counter.count(text).await? < 10)
/// }
/// ```
pub use plugin_macros::service;
