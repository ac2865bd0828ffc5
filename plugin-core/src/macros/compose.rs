//! `compose!`.

/// Chooses the plugins of a build by Cargo features, and proves that they fit together.
///
/// It expands to a static `COMPOSITION` of type [`Composition`](crate::Composition). What keeps
/// the chosen plugins from being a system is a compile error that names them and says what to do:
/// a missing provider or two of them, a request with none or two who answer, a cycle, a conflict, a version that doesn't match, a name or
/// a topic that is there twice.
///
/// # Entries
///
/// - `"feature" => path::to::Plugin`: in the build when the feature is on. When it is off, the
///   entry still tells the messages what the feature would bring.
/// - `path::to::Plugin`: always in the build.
/// - `as "plugin-name"` behind the path: the name of the plugin. Without it the name is that of
///   the feature with `-plugin` behind it; a feature that ends in `-plugin` or `-service` is the
///   name itself.
/// - `provides(Trait, …)` behind the path: short names of all services that the plugin provides,
///   so that a build without it can say which feature to turn on.
/// - `answers("topic", …)` behind the path: topics of all requests that the plugin answers, for the
///   same purpose.
/// - `#![strict]` as the first line: each plugin that is linked into the binary has to be named.
///   Without it, one that is not named is left out with a note: so a library may hold events and a
///   plugin, of which an app wants the events alone. Of what is left out nothing runs and nothing
///   is configured. `compose!` can't see what will be linked, so a strict set is compared with it
///   when it is configured, which is before anything starts; `#![deny(unused_crate_dependencies)]`
///   in `main.rs` finds a crate that nothing names at build time.
/// - `crate = path` as the first line: the path of `plugin_core`, where it is not `::plugin_core`.
///
/// A build with the feature holds name, services and topics against the plugin, so they can't go stale.
///
/// # Example
///
/// ```
/// # #![allow(unexpected_cfgs)]
/// # use plugin_core::prelude::*;
/// # struct Logger;
/// # #[plugin(name = "logger-plugin", version = "1.0.0")]
/// # impl Logger {
/// #     #[init]
/// #     fn init() -> Self {
/// #         Self
/// #     }
/// # }
/// plugin_core::compose! {
///     Logger,
///     "user-service" => plugin_user_service::Users provides(UserService),
///     "hello"        => plugin_hello::Hello,
///     "sun"          => plugin_sun::Sun as "weather",
/// }
///
/// let absent: Vec<_> = COMPOSITION.catalogue().iter().map(|line| line.plugin).collect();
/// assert_eq!(absent, ["user-service", "hello-plugin", "weather"]);
/// assert_eq!(COMPOSITION.plugins().next().unwrap().name, "logger-plugin");
/// ```
pub use plugin_macros::compose;
