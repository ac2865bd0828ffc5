//! The macros, documented at the place from which users import them.

mod checked;
mod compose;
mod service;

pub use compose::compose;
pub use service::service;

/// Makes a plugin of an `impl` block.
///
/// The parameters of `#[init]` declare what the plugin needs; the other methods declare what it
/// does. From these, the attribute generates a constant [`Descriptor`](crate::Descriptor) and an
/// implementation of [`Plugin`](crate::Plugin), and adds the plugin to those that the linker
/// collects.
///
/// # Options
///
/// - `name = "hello-plugin"`: the name, unique in a build. Only this option is mandatory.
/// - `version = "1.2.3"`: by default the version of the crate.
/// - `description = "…"`: one line for the operator; by default the first paragraph of the doc
///   comment above the block.
/// - `kind = system | middleware | business`: what the plugin is for; by default `business`.
/// - `requires(plugin_logger::Logger = "^1")`: plugins that must be there. The version is compared
///   at compile time.
/// - `after("logger-plugin")`: plugins that start first if they are there.
/// - `conflicts("other-plugin")`: plugins that must not be there.
/// - `singleton = "the log is of the process"`: the plugin runs as only one instance, for the given
///   reason. Config can't define labelled instances or replicas of it.
/// - `overlap`: an old and a new instance of the plugin may run at the same time. During a reload
///   that `#[reload]` does not apply, and during a restart by an operator, the kernel then builds
///   the new instance while the old one still serves, until the new one has started. If the start
///   fails, the old instance continues. Meanwhile both instances use the plugin's directory, and
///   each has its own connections and tasks. The old instance passes on what can't exist twice, such
///   as a listening socket, with [`Handover`](crate::init::Handover). Can't be combined with `queue`
///   of `#[subscribe]`.
/// - `provides(UserService, Cache(priority = 10))`: services that the type implements; of several
///   providers of one service, the one with the highest priority is the first.
/// - `crate = path`: the path of `plugin_core`, if it is not `::plugin_core`.
///
/// # Methods
///
/// - `#[init] [async] fn init(…) -> Result<Self>` (or `-> Self`) builds the plugin. Each parameter
///   is an [`InitParam`](crate::init::InitParam).
/// - `#[start] [async] fn start(&self[, tasks: Tasks])` is called after `init`, when the plugin begins to work;
///   it may spawn tasks.
/// - `#[stop] [async] fn stop(&self)` is called after the plugin has handled its last event.
/// - `#[reload] [async] fn reload(&self, Config(new): Config<C>)` applies a new config in place.
/// - `#[health] [async] fn health(&self) -> Health` reports the health of the plugin.
/// - `#[snapshot] [async] fn snapshot(&self) -> T` (or `-> Result<T>`) returns data for the next run
///   of the instance, whose `#[init]` takes it as an `Option<Snapshot<T>>`; [`Snapshot`](crate::init::Snapshot)
///   says when. It is called after the plugin has handled its last event and before `stop`; with
///   `overlap`, it is called while the plugin works. `T` derives `Serialize` and `Deserialize`.
/// - `#[subscribe(…)]` handles events, see below.
/// - `#[intercept(…)]` is called around the events of other plugins, see below.
/// - `#[schedule(…)]` runs at the times that it declares, see below.
/// - `#[respond(…)]` answers requests, see below.
///
/// All methods except `init`, `health`, `snapshot` and `respond` return nothing or a `Result<()>`; a
/// batch handler may return more. Only `init` is mandatory.
///
/// The attribute evaluates `#[cfg(…)]` above a method, and attributes inside `#[cfg_attr(…)]`. They
/// are not allowed on the lifecycle methods, which a plugin has in all builds or in none. Operators
/// see a method `r#move` as `move`.
///
/// # Handlers
///
/// A `fn` runs on the publisher's task. An `async fn` runs on a task of the plugin, which takes its
/// events from the plugin's mailbox.
///
/// - `#[subscribe] fn name(&self, event: &E)`, or `&Envelope<E>` for the event's id and publisher.
/// - `#[subscribe("user.*")] fn name(&self, event: &AnyEvent<'_>)`: every topic that the pattern
///   matches. `*` is one segment, `**` the rest.
/// - `#[subscribe(batch = 256, linger = "10ms")] async fn name(&self, events: Batch<E>)`: at most
///   `batch` events at once; a batch that is not full waits for `linger`. It returns nothing or a
///   `Result<()>` for all of them, or a [`BatchOutcome`](crate::event::BatchOutcome) with a result
///   for each.
///
/// with the options
///
/// - `filter = |event| …`: events for which it is `false` do not reach the handler.
/// - `priority = 10`: the highest is called first; by default 0, in start order.
/// - `timeout = "5s"`: time limit of one call; by default the manager's.
/// - `concurrency = 4`: calls of an `async fn` that may run at once; by default 1, in order.
/// - `queue = 100`: the largest number of events that wait for this `async fn`, so that it does not
///   fill the mailbox that it shares with other handlers; by default only the plugin's `mailbox`
///   limits them. Can't be combined with `durable` and `group`.
/// - `overflow = wait | drop_oldest | drop_newest | fail`: what a full mailbox or queue does to a
///   new event; by default the publisher waits.
/// - `retry = 5`: an `async fn` that fails is called again with the same event, at most this many
///   times after the first call, if the failure may be temporary: an error made with
///   [`Error::retriable`](crate::Error::retriable), or an exceeded time limit. Until then, later
///   events of this handler wait behind that event, unless the handler has `concurrency`. A batch is
///   tried again as a whole; if the handler returned a result for each event,
///   only the events that failed are tried again.
/// - `backoff = "200ms"`, `max_backoff = "10s"`: the pause before the first retry, which doubles
///   each time, and the longest pause; each pause is shortened by a random part of up to one half.
/// - `breaker = 5`, `open_for = "30s"`: after this many calls in a row with a failure that may be
///   temporary, this `async fn` is not called for the time `open_for`, because its target is down.
///   Its events wait, and use up none of their attempts. Then one call tests whether the target is
///   back. The default of `open_for` is half a minute; without `breaker`, the handler is always
///   called.
/// - `group = "billing"`: each event goes to exactly one of the `async` handlers, of any plugins,
///   that name this group for the same event or pattern. All of them must have the same `balance`
///   and `key`.
/// - `balance = round_robin | least_loaded`: which handler of the group gets the event: each in turn,
///   or the one with the fewest unfinished events in its mailbox. A handler whose mailbox is full is
///   skipped. If all are full, `overflow` decides, and a publisher that waits takes the first
///   mailbox that has room.
/// - `key = |event| &event.user_id`: events with the same key are handled one after the other, in
///   order. With `concurrency`, events with different keys are handled at the same time. With
///   `group`, or `replicas` in the plugin's config, all events of a key go to one member, also while
///   members are added and removed. A key is any value that implements `Hash`, such as a field, a
///   number or a tuple. The closure can't use `self`.
/// - `durable`: events survive a crash of the process. The plugin that provides
///   [`EventStore`](crate::event::EventStore) stores them until this `async fn` has handled them.
///   After a restart they are delivered again, in order, before newer ones. Events that are
///   published while the plugin does not run are stored, too. An event may be delivered twice; a
///   handler recognizes it by
///   [`Envelope::idempotency_key`](crate::event::Envelope::idempotency_key).
///   [`Publisher::publish_durable`](crate::event::Publisher::publish_durable) waits until an event
///   is stored. Can't be combined with `AnyEvent`, `queue`, `overflow` and `group`.
///
/// An operator can change `retry`, `backoff`, `max_backoff`, `timeout`, `concurrency`, `queue`,
/// `overflow`, `batch`, `linger` and the breaker of a handler in the plugin's config, under
/// `handlers.NAME`.
///
/// An event that a handler failed to handle, and that is not tried again any more, becomes a
/// [`DeadLetter`](crate::event::DeadLetter).
///
/// # Schedules
///
/// `#[schedule(…)] [async] fn name(&self[, run: &ScheduledRun])` runs at the declared times, as a
/// task of the plugin, while the plugin runs. Use a `fn` only for work that does not wait, because
/// it can't be interrupted. Exactly one option declares the times:
///
/// - `every = "30s"`: at a fixed rate, the first time one period after the plugin runs. The times do
///   not depend on how long a run takes.
/// - `cron = "0 3 * * *"`: by the time of day: minute, hour, day of the month, month and day of the
///   week, or six fields with seconds first. The expression is checked at compile time.
/// - `after = "10s"`: once, this long after the plugin has started.
///
/// with the options
///
/// - `timezone = "Europe/Berlin"`: the timezone of the `cron` expression, by its name in the IANA
///   database; by default `UTC`. It is looked up before anything starts. If a change of the clocks
///   skips a fixed time, the run is due after the gap; if a time occurs twice, the run is due the
///   first time.
/// - `jitter = "2s"`: each due time is delayed at random by at most this time; by default not at all.
/// - `max_runs = 10`: the schedule ends after this many runs since the plugin was started; by
///   default it never ends.
/// - `overlap = skip | queue | parallel`: what happens if the previous run has not ended; by default
///   that time is skipped.
/// - `misfire = skip | run_once | catch_up`: what happens for times that were missed because the
///   process was suspended or too busy: nothing, one run for all of them (the default), or one run
///   for each.
/// - `timeout = "5s"`: time limit of one run; by default the plugin's.
///
/// The key `schedules` in the plugin's section can change the times, or turn the schedule off.
///
/// ```
/// use std::time::Duration;
///
/// use plugin_core::prelude::*;
/// use plugin_core::{Misfire, Overlap, Plugin, When};
///
/// struct Reports;
///
/// #[plugin(name = "reports-plugin")]
/// impl Reports {
///     #[init]
///     fn init() -> Self { Self }
///
///     #[schedule(every = "30s", jitter = "2s", overlap = queue)]
///     async fn refresh(&self) -> Result<()> { Ok(()) }
///
///     #[schedule(cron = "0 30 3 * * MON-FRI", timezone = "Europe/Berlin", misfire = skip)]
///     async fn nightly(&self, run: &ScheduledRun) -> Result<()> {
///         assert!(run.number() > 0);
///         Ok(())
///     }
///
///     #[schedule(after = "10s", timeout = "5s")]
///     fn warm_up(&self) {}
///
///     #[schedule(every = "1m", max_runs = 10)]
///     fn announce(&self) {}
/// }
///
/// let [refresh, nightly, warm_up, announce] = Reports::DESCRIPTOR.schedules else { panic!() };
/// assert_eq!(refresh.when, When::Every(Duration::from_secs(30)));
/// assert_eq!(refresh.options.jitter, Duration::from_secs(2));
/// assert_eq!(refresh.options.overlap, Overlap::Queue);
/// assert!(matches!(nightly.when, When::Cron { timezone: "Europe/Berlin", .. }));
/// assert_eq!(nightly.options.misfire, Misfire::Skip);
/// assert_eq!(warm_up.options.timeout, Some(Duration::from_secs(5)));
/// assert_eq!(announce.options.max_runs, Some(10));
/// ```
///
/// # Answers
///
/// `#[respond] async fn name(&self, request: &Q) -> Result<Answer>` answers each
/// [`Request`](crate::event::Request) of type `Q`, or `&Envelope<Q>`. The build proves that exactly
/// one plugin answers a type of request. The method may return the answer without a `Result`. A `fn`
/// runs on the task of the requester, an `async fn` on a task of its own, which is dropped at its
/// next await if the requester does not wait any more.
///
/// - `timeout = "5s"`: time limit of one call; by default the plugin's. The requester has a time limit, too.
/// - `concurrency = 4`: calls of an `async fn` that may run at once; by default 64. Further
///   requests wait.
///
/// # Interceptors
///
/// An interceptor is a `fn` that is called around the events of other plugins, but never for events
/// that its own plugin publishes or handles. It returns nothing or a `Result<()>`; with `publish` it
/// may also change the event.
///
/// - `#[intercept(publish)] fn name(&self, event: &AnyEvent<'_>)`, before any handler gets the event:
///   an error refuses it, and so does a panic. With `-> Result<Option<Patch>>` it may change the
///   event: `Some` of a [`Patch`](crate::event::Patch) to its data as JSON, or `None` to let it
///   pass as it is. The patched data is read as the event's type again; if that fails, the event is
///   refused with an error that names the method.
/// - `#[intercept(publish)] fn name(&self, event: &E) -> Result<Option<E>>`, or `&Envelope<E>`: the
///   same for one type of event, without `topics`; `Some` is published instead of the event.
/// - `#[intercept(deliver)] fn name(&self, delivery: &Delivery<'_>)`, before each call of a
///   handler: if it returns an error, the handler is not called, and the error counts as the
///   handler's.
/// - `#[intercept(delivered)] fn name(&self, delivery: &Delivery<'_>, outcome: &Delivered<'_>)`,
///   after each call, with its outcome and its duration.
///
/// with the options
///
/// - `topics = "user.*"`: a pattern of the events; by default `**`, which matches all. Other topics
///   have no extra cost. `topics = Self::topics` names a function `fn topics(&self) -> Vec<Pattern>`
///   that is called once, when the plugin runs.
/// - `priority = 10`: the highest is called first, and last after a call; by default 0, in start
///   order.
///
/// Any plugin may have interceptors. A plugin with `kind = middleware` that has some starts before
/// the plugins that let requests in from outside, and stops when the accepted events are handled.
///
/// ```
/// use plugin_core::prelude::*;
///
/// /// Nobody orders on a Sunday.
/// struct Sunday {
///     is_today: bool,
/// }
///
/// #[plugin(name = "sunday-plugin", version = "1.0.0", kind = middleware)]
/// impl Sunday {
///     #[init]
///     fn init() -> Self {
///         Self { is_today: false }
///     }
///
///     #[intercept(publish, topics = "order.**", priority = 10)]
///     fn check(&self, event: &AnyEvent<'_>) -> Result<()> {
///         if self.is_today {
///             return Err(Error::external(format!("no `{}` on a Sunday", event.topic())));
///         }
///         Ok(())
///     }
/// }
///
/// let interceptors = <Sunday as plugin_core::Plugin>::DESCRIPTOR.interceptors;
/// assert_eq!(interceptors[0].topics, "order.**");
/// ```
///
/// # Example
///
/// ```
/// use plugin_core::prelude::*;
///
/// #[event("user.login")]
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// struct UserLogin {
///     user_id: String,
/// }
///
/// #[derive(Deserialize, JsonSchema)]
/// struct HelloConfig {
///     message: String,
/// }
///
/// struct Hello {
///     config: HelloConfig,
/// }
///
/// /// Greets users who log in.
/// #[plugin(name = "hello-plugin", after("logger-plugin"))]
/// impl Hello {
///     #[init]
///     fn init(Config(config): Config<HelloConfig>) -> Self {
///         Self { config }
///     }
///
///     #[subscribe(timeout = "1s")]
///     async fn greet(&self, login: &UserLogin) -> Result<()> {
///         let greeting = format!("{}, {}", self.config.message, login.user_id);
///         drop(greeting);
///         Ok(())
///     }
/// }
///
/// let descriptor = <Hello as plugin_core::Plugin>::DESCRIPTOR;
/// assert_eq!(descriptor.description, "Greets users who log in.");
/// assert_eq!(descriptor.subscriptions[0].source.topic(), "user.login");
/// ```
pub use plugin_macros::plugin;

/// Makes an event of a `struct` or an `enum` that derives `Serialize`, `Deserialize` and
/// `JsonSchema`.
///
/// # Arguments
///
/// - the topic, unique in a build: segments of `a-z`, `0-9`, `_` and `-` with dots between them.
/// - `answer = Answer`: makes it a request, which one plugin of a build answers with that type. The
///   answer derives `Serialize`, `Deserialize` and `JsonSchema`, too.
/// - `subject = user_id`: the field, a `String` or an `Option<String>`, that names the user whom the
///   event concerns. With this option, callers of an interface such as `api-plugin` may send the
///   event, and each caller can name only himself in the field. Write `subject = none` for an event
///   that concerns no user. Without the option, callers can't send the event.
/// - `crate = path`: the path of `plugin_core`, if it is not `::plugin_core`.
///
/// An event that arrives as JSON, from a caller or from a file of events, has to match the lengths,
/// patterns and ranges of the schema: `#[schemars(length(max = 128), regex(pattern = "^[a-z]+$"))]`.
///
/// Operators see the first paragraph of the type's doc comment as its description.
///
/// # Example
///
/// ```
/// use plugin_core::prelude::*;
///
/// /// A user logged in.
/// #[event("user.login")]
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// struct UserLogin {
///     user_id: String,
/// }
///
/// assert_eq!(UserLogin::DESCRIPTOR.topic, "user.login");
/// assert_eq!(UserLogin::DESCRIPTOR.description, "A user logged in.");
/// ```
///
/// A request, with the plugin that answers it and the plugin that sends it:
///
/// ```
/// use plugin_core::prelude::*;
///
/// /// A user's name is asked for.
/// #[event("user.name", answer = Option<String>)]
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// struct UserName {
///     user_id: String,
/// }
///
/// struct Users;
///
/// #[plugin(name = "users-plugin", version = "1.0.0")]
/// impl Users {
///     #[init]
///     fn init() -> Self {
///         Self
///     }
///
///     #[respond]
///     async fn name(&self, request: &UserName) -> Result<Option<String>> {
///         Ok((request.user_id == "1").then(|| "Ann".to_owned()))
///     }
/// }
///
/// struct Hello {
///     names: Requester<UserName>,
/// }
///
/// #[plugin(name = "hello-plugin", version = "1.0.0")]
/// impl Hello {
///     #[init]
///     fn init(names: Requester<UserName>) -> Self {
///         Self { names }
///     }
/// }
///
/// impl Hello {
///     async fn greeting(&self, user_id: &str) -> Result<String> {
///         let user_id = user_id.to_owned();
///         let name = self.names.request(UserName { user_id }).await?;
///         Ok(format!("hello, {}", name.as_deref().unwrap_or("stranger")))
///     }
/// }
/// ```
pub use plugin_macros::event;
