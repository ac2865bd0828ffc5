//! The macros, documented where users meet them.

mod checked;
mod compose;
mod service;

pub use compose::compose;
pub use service::service;

/// Makes a plugin of an `impl` block.
///
/// The parameters of `#[init]` say what the plugin needs; its other methods say what it does. The
/// attribute writes a [`Descriptor`](crate::Descriptor) of all that as a constant, implements
/// [`Plugin`](crate::Plugin) and adds the plugin to the ones that the linker collects.
///
/// # Options
///
/// - `name = "hello-plugin"`: the name, unique in a build. The only option that must be given.
/// - `version = "1.2.3"`: by default the version of the crate.
/// - `description = "…"`: one line for the operator; by default the first paragraph of the doc
///   comment above the block.
/// - `kind = system | middleware | business`: what the plugin is for; by default `business`.
/// - `requires(plugin_logger::Logger = "^1")`: plugins that must be there. The version is compared
///   at compile time.
/// - `after("logger-plugin")`: plugins that start first if they are there.
/// - `conflicts("other-plugin")`: plugins that must not be there.
/// - `singleton = "the log is of the process"`: the plugin runs as one instance only, for the reason
///   given. Config can't give it labelled instances or replicas; without this option it can.
/// - `overlap`: two lives of the plugin may overlap. A reload that its `#[reload]` does not take over,
///   and a restart by an operator, then build the new life beside the old one, which serves until
///   the new one is started. If the start fails, the old life goes on. Meanwhile both lives use the
///   plugin's directory, and each has its own connections and tasks. The old life passes on what
///   can't exist twice, such as a listening socket, with [`Handover`](crate::init::Handover). Not together with `queue` of `#[subscribe]`.
/// - `provides(UserService, Cache(priority = 10))`: services that the type implements; among
///   several providers of one service the highest priority is the first.
/// - `crate = path`: the path of `plugin_core`, where it is not `::plugin_core`.
///
/// # Methods
///
/// - `#[init] [async] fn init(…) -> Result<Self>` (or `-> Self`) builds the plugin. Each parameter
///   is an [`InitParam`](crate::init::InitParam).
/// - `#[start] [async] fn start(&self[, tasks: Tasks])` may spawn tasks.
/// - `#[stop] [async] fn stop(&self)` is called when the last event is handled.
/// - `#[reload] [async] fn reload(&self, Config(new): Config<C>)` takes over a new config in place.
/// - `#[health] [async] fn health(&self) -> Health` says how the plugin is.
/// - `#[snapshot] [async] fn snapshot(&self) -> T` (or `-> Result<T>`) leaves something to the next
///   life of the instance, whose `#[init]` takes it as an `Option<Snapshot<T>>`: see
///   [`Snapshot`](crate::init::Snapshot) for when. It is called when the last event is handled,
///   before `stop`; with `overlap` while the plugin works. `T` derives `Serialize` and `Deserialize`.
/// - `#[subscribe(…)]` handles events, see below.
/// - `#[intercept(…)]` is called around the events of others, see below.
/// - `#[schedule(…)]` runs at times of its own, see below.
/// - `#[respond(…)]` answers requests, see below.
///
/// All but `init`, `health`, `snapshot` and `respond` return nothing or a `Result<()>`; a batch handler may
/// return more. Only `init` must be there.
///
/// `#[cfg(…)]` above a method and marks behind a `#[cfg_attr(…)]` are followed, but for those of
/// the lifecycle, which a plugin has in all builds or in none. To operators, a method `r#move` is
/// `move`.
///
/// # Handlers
///
/// A `fn` runs on the publisher's task, an `async fn` on the plugin's own, fed by its mailbox.
///
/// - `#[subscribe] fn name(&self, event: &E)`, or `&Envelope<E>` for the event's id and publisher.
/// - `#[subscribe("user.*")] fn name(&self, event: &AnyEvent<'_>)`: every topic that the pattern
///   matches. `*` is one segment, `**` the rest.
/// - `#[subscribe(batch = 256, linger = "10ms")] async fn name(&self, events: Batch<E>)`: at most
///   `batch` events at once; one that is not full waits for `linger`. It returns nothing or a
///   `Result<()>` for all of them, or a [`BatchOutcome`](crate::event::BatchOutcome) with a result
///   for each.
///
/// with the options
///
/// - `filter = |event| …`: events for which it is `false` do not reach the handler.
/// - `priority = 10`: the highest is called first; by default 0, in start order.
/// - `timeout = "5s"`: time limit of one call; by default the manager's.
/// - `concurrency = 4`: calls of an `async fn` that may run at once; by default 1, in order.
/// - `queue = 100`: most events that wait for this `async fn` alone, so that it fills no mailbox
///   that it shares with others; by default only the plugin's `mailbox` bounds them. Not together
///   with `durable` and `group`.
/// - `overflow = wait | drop_oldest | drop_newest | fail`: what a full mailbox or queue does to a
///   new event; by default the publisher waits.
/// - `retry = 5`: an `async fn` that fails is called again with the same event, at most so often
///   after the first call, if the failure may pass: [`Error::retriable`](crate::Error::retriable),
///   or its time was over. Until then, later events of this handler wait behind that one, unless it
///   has `concurrency`. A batch is tried again as a whole; if it returned a result for each event,
///   only the events that failed are tried again.
/// - `backoff = "200ms"`, `max_backoff = "10s"`: the pause before the first retry, which doubles
///   from one to the next, and the longest one; a random part of up to half is taken off.
/// - `breaker = 5`, `open_for = "30s"`: after so many calls in a row that failed and may succeed
///   later, this `async fn` is not called for that long: its target is down. Its events wait, and
///   no try of theirs is used up. Then one call shows whether the target is back. Without
///   `open_for`, half a minute; without `breaker`, the handler is always called.
/// - `group = "billing"`: of the `async` handlers that name the group for the same event or
///   pattern, in whatever plugins, one gets each event. All say the same of `balance` and `key`.
/// - `balance = round_robin | least_loaded`: which handler of the group gets the event: each in turn,
///   or the one with the fewest unfinished events in its mailbox. A handler whose mailbox is full is
///   passed over. When all are full, `overflow` decides, and a publisher that waits takes the first
///   room.
/// - `key = |event| &event.user_id`: events of one key are handled one after the other, in order.
///   With `concurrency`, those of different keys run side by side; with `group`, or `replicas` in
///   the plugin's config, all of a key go to one member, also while members come and go. A key is
///   anything with `Hash`: a field, a number, a tuple of them. It sees no `self`.
/// - `durable`: events survive a crash of the process. They are stored, by the plugin that provides
///   [`EventStore`](crate::event::EventStore), until this `async fn` has handled them, and come
///   again after a restart, in order, before newer ones; also those that are published while the
///   plugin does not run. One may come twice:
///   [`Envelope::idempotency_key`](crate::event::Envelope::idempotency_key) tells.
///   [`Publisher::publish_durable`](crate::event::Publisher::publish_durable) waits until an event
///   is stored. Not together with `AnyEvent`, `queue`, `overflow` and `group`.
///
/// An operator can change `retry`, `backoff`, `max_backoff`, `timeout`, `concurrency`, `queue`,
/// `overflow`, `batch`, `linger` and the breaker of a handler in the plugin's config, under
/// `handlers.NAME`.
///
/// An event that a handler fails with for good goes to the dead letters: see
/// [`DeadLetter`](crate::event::DeadLetter).
///
/// # Schedules
///
/// `#[schedule(…)] [async] fn name(&self[, run: &ScheduledRun])` runs at times of its own, as a task
/// of the plugin, while the plugin runs. A `fn` is for what does not wait: it can't be interrupted.
/// Exactly one option says when:
///
/// - `every = "30s"`: at a fixed rate, the first time one period after the plugin runs. The times do
///   not depend on how long a run takes.
/// - `cron = "0 3 * * *"`: by the time of day: minute, hour, day of the month, month and day of the
///   week, or six fields with seconds first. The expression is checked at compile time.
/// - `after = "10s"`: once, so long after the plugin runs.
///
/// with the options
///
/// - `timezone = "Europe/Berlin"`: that of the `cron` expression, by its name in the IANA database;
///   by default `UTC`. It is looked up before anything starts. A fixed time that a change of the
///   clocks skips is due after the gap; one that comes twice is due the first time.
/// - `jitter = "2s"`: each due time is delayed at random, up to that; by default not at all.
/// - `max_runs = 10`: it ends after so many runs, in one life of the plugin; by default never.
/// - `overlap = skip | queue | parallel`: what happens when the run before still goes; by default
///   that time is skipped.
/// - `misfire = skip | run_once | catch_up`: what happens to times that were missed, because the
///   process was suspended or too busy: nothing, one run for all of them (the default), or one run
///   for each.
/// - `timeout = "5s"`: time limit of one run; by default the plugin's.
///
/// A file may change when it is due, or turn it off: `schedules` in the plugin's section.
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
/// next await when the requester does not wait any more.
///
/// - `timeout = "5s"`: time limit of one call; by default the plugin's. The requester has a time limit, too.
/// - `concurrency = 4`: calls of an `async fn` that may run at once; by default 64. Further
///   requests wait.
///
/// # Interceptors
///
/// A `fn` that is called around the events of others; never for those that its own plugin
/// publishes or handles. It returns nothing or a `Result<()>`; the first may also change the event.
///
/// - `#[intercept(publish)] fn name(&self, event: &AnyEvent<'_>)`, before anybody sees the event:
///   an error refuses it, and so does a panic. With `-> Result<Option<Patch>>` it may change the
///   event: `Some` of a [`Patch`](crate::event::Patch) to its data as JSON, or `None` to let it
///   pass as it is. The patched data is read as the event's type again; if that fails, the event is
///   refused with an error that names the method.
/// - `#[intercept(publish)] fn name(&self, event: &E) -> Result<Option<E>>`, or `&Envelope<E>`: the
///   same for one type of event, without `topics`; `Some` is published in the event's place.
/// - `#[intercept(deliver)] fn name(&self, delivery: &Delivery<'_>)`, before each call of a
///   handler: an error is the handler's, which is not called.
/// - `#[intercept(delivered)] fn name(&self, delivery: &Delivery<'_>, outcome: &Delivered<'_>)`,
///   after each call: what became of it, and how long it took.
///
/// with the options
///
/// - `topics = "user.*"`: a pattern of the events; by default `**`, all. Other topics pay nothing.
///   Or `topics = Self::topics`, of an `fn topics(&self) -> Vec<Pattern>` that is asked once, when
///   the plugin runs.
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
/// - `subject = user_id`: the field, a `String` or an `Option<String>`, that says whom the event
///   speaks for. With it the event may come from callers of an interface such as `api-plugin`,
///   each of whom can name only himself there; `subject = none` for an event that speaks for
///   nobody. Without it callers can't send the event.
/// - `crate = path`: the path of `plugin_core`, where it is not `::plugin_core`.
///
/// What comes as JSON, from a caller or from a file of events, has to keep what the schema says of
/// lengths, patterns and ranges: `#[schemars(length(max = 128), regex(pattern = "^[a-z]+$"))]`.
///
/// The first paragraph of the type's doc comment is its line for the operator.
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
/// A request, with who answers and who asks:
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
