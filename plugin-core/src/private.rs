//! The items that expansions of the macros use. They are not part of the public interface: they
//! change without notice, together with `plugin-macros`, whose version is pinned.
//!
//! The only bound on a plugin's type is `Plugin`, so that a type that can't be a plugin is reported
//! once, at its `impl`, and not at each call.

pub use serde::{Deserialize, Deserializer};

use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

pub use linkme;

use crate::boxed::{BoxFuture, PluginRef};
use crate::descriptor::{Descriptor, Hooks, Plugin};
use crate::error::{Error, Result};
use crate::event::{
    AnswerData, Answered, BatchOutcome, Declared, Event, EventData, EventDescriptor, Request,
};
use crate::health::Health;
use crate::init::{Need, SnapshotType};
use crate::tasks::Tasks;

pub use crate::boxed::{downcast, provider};
pub use crate::compose::entry::{assert_answers, assert_name, assert_provides};
pub use crate::descriptor::PluginState;
pub use crate::doc::{summary, summary_len, text};
pub use crate::error::IntoOutcome;
pub use crate::event::IntoBatchOutcome;
pub use crate::plan::{prove, scratch_len};
pub use crate::schedule::grammar::assert_cron;
pub use crate::version::assert_met;

/// The need of a plugin with a durable handler.
pub const EVENT_STORE: Need = Need::Service {
    service: <dyn crate::event::EventStore as crate::service::ServiceTrait>::DESCRIPTOR,
    arity: crate::init::Arity::One,
};

/// Runs code as code of an instance runs, which is billed for it; for benchmarks.
pub fn metered<T>(code: impl FnOnce() -> T) -> T {
    crate::accounting::metered(crate::Account::nobody(), code)
}

/// Describes an event. The bounds are those that the user has to meet.
#[must_use]
pub const fn event<E: Declared + EventData>(
    topic: &'static str,
    type_name: &'static str,
) -> EventDescriptor {
    EventDescriptor::of::<E>(topic, type_name)
}

/// Adds the answer to the description of a request. The bounds are those that the user has to meet.
#[must_use]
pub const fn request<Q, A: AnswerData>(event: EventDescriptor) -> EventDescriptor
where
    Q: Declared + EventData + Answered<Answer = A>,
{
    event.request::<Q>()
}

/// The descriptor of an event's type.
#[must_use]
pub const fn event_descriptor<E: Event>() -> &'static EventDescriptor {
    E::DESCRIPTOR
}

/// The descriptor of a plugin. Only this function checks the bounds of the plugin's state.
#[must_use]
pub const fn descriptor<P: PluginState + Plugin>() -> &'static Descriptor {
    P::DESCRIPTOR
}

/// A return type of `#[init]`: the plugin, or a [`Result`] of it.
#[diagnostic::on_unimplemented(
    message = "`#[init]` returns `Self` or `Result<Self>`, not `{Self}`",
    label = "this is not the plugin",
    note = "write `-> Result<Self>` and end the method with `Ok(Self {{ … }})`"
)]
pub trait IntoPlugin<P> {
    /// The plugin, if it could be created.
    ///
    /// # Errors
    ///
    /// Returns the error that `init` returned.
    fn into_plugin(self) -> Result<P>;
}

#[diagnostic::do_not_recommend]
impl<P> IntoPlugin<P> for P {
    fn into_plugin(self) -> Result<P> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<P, E: Into<Error>> IntoPlugin<P> for Result<P, E> {
    fn into_plugin(self) -> Result<P> {
        self.map_err(Into::into)
    }
}

/// A return type of `#[respond]`: the answer, or a [`Result`] of it.
#[diagnostic::on_unimplemented(
    message = "`#[respond]` returns the answer `{A}` or `Result<{A}>`, not `{Self}`",
    label = "this is not the answer that the request names",
    note = "return what `answer = …` of the request's `#[event]` says"
)]
pub trait IntoAnswer<A> {
    /// The answer, if there is one.
    ///
    /// # Errors
    ///
    /// Returns the error that the method returned.
    fn into_answer(self) -> Result<A>;
}

#[diagnostic::do_not_recommend]
impl<A> IntoAnswer<A> for A {
    fn into_answer(self) -> Result<A> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<A, E: Into<Error>> IntoAnswer<A> for Result<A, E> {
    fn into_answer(self) -> Result<A> {
        self.map_err(Into::into)
    }
}

/// The future of `#[respond]`.
pub fn answered<Q: Request, F>(method: F) -> BoxFuture<'static, Result<Q::Answer>>
where
    F: Future<Output: IntoAnswer<Q::Answer>> + Send + 'static,
{
    Box::pin(async move { method.await.into_answer() })
}

/// A return type of `#[intercept(publish)]`. `C` is the type of its replacement for the event.
#[diagnostic::on_unimplemented(
    message = "`#[intercept(publish)]` returns nothing, `Result<()>` or, to change the event, `Result<Option<{C}>>`, not `{Self}`",
    label = "this neither refuses nor changes an event",
    note = "an error refuses the event, `Ok(None)` lets it pass as it is, `Ok(Some(…))` changes it"
)]
pub trait IntoChange<C> {
    /// Whether it can change an event.
    const CHANGES: bool;

    /// The replacement for the event; `None` if the event is published unchanged.
    ///
    /// # Errors
    ///
    /// Returns the error that the method returned, which refuses the event.
    fn into_change(self) -> Result<Option<C>>;
}

#[diagnostic::do_not_recommend]
impl<C> IntoChange<C> for () {
    const CHANGES: bool = false;

    fn into_change(self) -> Result<Option<C>> {
        Ok(None)
    }
}

#[diagnostic::do_not_recommend]
impl<C, E: Into<Error>> IntoChange<C> for Result<(), E> {
    const CHANGES: bool = false;

    fn into_change(self) -> Result<Option<C>> {
        self.map(|()| None).map_err(Into::into)
    }
}

#[diagnostic::do_not_recommend]
impl<C> IntoChange<C> for Option<C> {
    const CHANGES: bool = true;

    fn into_change(self) -> Result<Option<C>> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<C, E: Into<Error>> IntoChange<C> for Result<Option<C>, E> {
    const CHANGES: bool = true;

    fn into_change(self) -> Result<Option<C>> {
        self.map_err(Into::into)
    }
}

/// A return type of `#[health]`.
#[diagnostic::on_unimplemented(
    message = "`#[health]` returns `Health`, not `{Self}`",
    label = "this does not say how the plugin is",
    note = "write `-> Health` and return `Health::Healthy`, `Health::Degraded(…)` or `Health::Unhealthy(…)`"
)]
pub trait IntoHealth {
    /// The health.
    fn into_health(self) -> Health;
}

impl IntoHealth for Health {
    fn into_health(self) -> Health {
        self
    }
}

/// A return type of `#[snapshot]`: the snapshot, or a [`Result`] of it.
#[diagnostic::on_unimplemented(
    message = "`#[snapshot]` returns `{T}` or `Result<{T}>`, not `{Self}`",
    label = "this is not what `#[init]` takes",
    note = "return the `T` of `Option<Snapshot<T>>`, the parameter of `#[init]`"
)]
pub trait IntoSnapshot<T> {
    /// The snapshot for the next life.
    ///
    /// # Errors
    ///
    /// Returns the error that the method returned.
    fn into_snapshot(self) -> Result<T>;
}

#[diagnostic::do_not_recommend]
impl<T> IntoSnapshot<T> for T {
    fn into_snapshot(self) -> Result<T> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T, E: Into<Error>> IntoSnapshot<T> for Result<T, E> {
    fn into_snapshot(self) -> Result<T> {
        self.map_err(Into::into)
    }
}

/// The future of `#[snapshot]`.
pub fn snapshot<T: SnapshotType, F>(method: F) -> BoxFuture<'static, Result<serde_json::Value>>
where
    F: Future<Output: IntoSnapshot<T>> + Send + 'static,
{
    Box::pin(async move {
        let snapshot = method.await.into_snapshot()?;
        Ok(serde_json::to_value(snapshot)?)
    })
}

/// A parameter type of `#[start]`.
#[diagnostic::on_unimplemented(
    message = "`#[start]` takes `Tasks`, not `{Self}`",
    label = "can't be a parameter of `#[start]`",
    note = "write `async fn start(&self, tasks: Tasks)`, and ask for everything else in `#[init]`"
)]
pub trait StartParam {
    /// Creates it from the plugin's tasks.
    fn of(tasks: Tasks) -> Self;
}

impl StartParam for Tasks {
    fn of(tasks: Tasks) -> Self {
        tasks
    }
}

/// A result type of `filter` in `#[subscribe]`.
#[diagnostic::on_unimplemented(
    message = "a filter gives a `bool`, not `{Self}`",
    label = "`filter` gives this",
    note = "a filter is asked while the event is published, which does not wait: write a closure or a `fn` without `async` that returns whether the handler wants the event"
)]
pub trait FilterVerdict {
    /// Whether the handler wants the event.
    fn admits(self) -> bool;
}

impl FilterVerdict for bool {
    #[inline(always)]
    fn admits(self) -> bool {
        self
    }
}

/// Whether a filter accepts the event.
#[inline(always)]
pub fn admits<'e, E, A: FilterVerdict>(event: &'e E, filter: impl FnOnce(&'e E) -> A) -> bool {
    filter(event).admits()
}

/// A result type of `key` in `#[subscribe]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the key of an event: it has no `Hash`",
    label = "`key` gives this",
    note = "a key is a field such as `&event.user_id`, a number, or a tuple of such"
)]
pub trait EventKey {
    /// The key as a number. Two keys with the same number count as the same.
    fn number(&self) -> u64;
}

#[diagnostic::do_not_recommend]
impl<K: Hash + ?Sized> EventKey for K {
    fn number(&self) -> u64 {
        // It is the same in every process, unlike a hash of `RandomState`.
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// The key of an event, as a number.
pub fn key_of<'e, E, K: EventKey>(event: &'e E, key: impl FnOnce(&'e E) -> K) -> u64 {
    key(event).number()
}

/// The future of `#[init]`.
pub fn built<P: Plugin, F>(init: F) -> BoxFuture<'static, Result<PluginRef>>
where
    F: Future<Output: IntoPlugin<P>> + Send + 'static,
{
    Box::pin(async move {
        let plugin: PluginRef = Arc::new(init.await.into_plugin()?);
        Ok(plugin)
    })
}

/// The future of a handler, or of a hook that returns an outcome.
pub fn handled<P, F: Future<Output: IntoOutcome> + Send + 'static>(
    method: F,
) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move { method.await.into_outcome() })
}

/// The future of a handler on its plugin's worker.
pub async fn handling<P, F: Future<Output: IntoOutcome> + Send>(method: F) -> Result<()> {
    method.await.into_outcome()
}

/// The future of a batch handler on its plugin's worker.
pub fn handling_batch<P: Plugin, F>(method: F) -> BoxFuture<'static, Result<Option<BatchOutcome>>>
where
    F: Future<Output: IntoBatchOutcome> + Send + 'static,
{
    Box::pin(async move { method.await.into_batch_outcome() })
}

/// The future of `#[health]`.
pub fn health<P: Plugin, F>(method: F) -> BoxFuture<'static, Health>
where
    F: Future<Output: IntoHealth> + Send + 'static,
{
    Box::pin(async move { method.await.into_health() })
}

/// Replaces the descriptor of a plugin whose attribute has a mistake, in addition to the error.
pub const STAND_IN: &Descriptor = &Descriptor::new("", "0.0.0", Hooks::new(stand_in));

fn stand_in(_: &mut crate::init::InitContext<'_>) -> Result<BoxFuture<'static, Result<PluginRef>>> {
    Err(Error::bug("the plugin did not compile"))
}

/// The error for settings that their plugin refuses.
pub fn custom<E: serde::de::Error>(error: crate::Error) -> E {
    E::custom(error)
}
