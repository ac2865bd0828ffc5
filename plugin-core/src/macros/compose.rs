//! `compose!`.

/// Chooses the plugins of a build by Cargo features, and proves that they fit together.
///
/// It expands to a static `COMPOSITION` of type [`Composition`](crate::Composition). If the chosen
/// plugins do not fit together, the build fails with a compile error that names the plugins and
/// says what to do. This happens if a service has no provider or two, if a request has no responder
/// or two, and if there is a cycle, a conflict, a version that does not match, or a name or topic
/// that occurs twice.
///
/// # Entries
///
/// - `"feature" => path::to::Plugin`: a plugin that is in the build if the feature is on. If it is
///   off, compile errors use the entry to say what the feature would add.
/// - `path::to::Plugin`: a plugin that is always in the build.
/// - `as "plugin-name"` after the path: the name of the plugin. By default, it is the name of the
///   feature followed by `-plugin`; if the name of the feature ends in `-plugin` or `-service`, it
///   is the name of the feature itself.
/// - `provides(Trait, …)` after the path: short names of all services that the plugin provides, so
///   that a build without it can say which feature to turn on.
/// - `answers("topic", …)` after the path: topics of all requests that the plugin answers, for the
///   same purpose.
/// - `#![strict]` as the first line: each plugin that is linked into the binary has to be named.
///   Without it, a linked plugin that is not named is left out, and a note says so; therefore an
///   app can use only the events of a library that also contains a plugin. A plugin that is left
///   out does not run and is not configured. `compose!` can't know which plugins will be linked, so
///   a strict set is compared with the linked plugins when it is configured, which is before
///   anything starts. `#![deny(unused_crate_dependencies)]` in `main.rs` finds a crate that is not
///   named anywhere at build time.
/// - `crate = path` as the first line: the path of `plugin_core`, if it is not `::plugin_core`.
///
/// A build with the feature compares the name, the services and the topics of the entry with the
/// plugin, so they can't become outdated.
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
