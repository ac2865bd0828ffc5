//! The model that `#[plugin]` makes of a block. Only a block without mistakes has one.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Expr, Ident, LitInt, LitStr, Type};

use super::block::{Block, Method};
use super::hook;
use super::intercept::{self, Interceptor};
use super::mark::{Mark, Marked};
use super::options::Options;
use super::respond::{self, Respond};
use super::{schedule, snapshot, subscription};
use crate::diagnostics::Diagnostics;
use crate::doc;

/// A plugin.
pub(crate) struct Plugin {
    pub(crate) options: Options,
    pub(crate) ty: Type,
    pub(crate) description: TokenStream,
    pub(crate) init: Hook,
    pub(crate) start: Option<Hook>,
    pub(crate) stop: Option<Hook>,
    pub(crate) reload: Option<Hook>,
    pub(crate) health: Option<Hook>,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) responds: Vec<Respond>,
    pub(crate) interceptors: Vec<Interceptor>,
    /// Marks of one method of which a build may have only one.
    pub(crate) exclusive: Vec<Exclusive>,
}

/// Two marks of a method, each in a `#[cfg_attr]`.
pub(crate) struct Exclusive {
    pub(crate) predicates: [TokenStream; 2],
    pub(crate) message: String,
    /// The span of the second mark.
    pub(crate) at: Span,
}

/// A method that the lifecycle calls, with the types of its parameters.
pub(crate) struct Hook {
    pub(crate) call: Call,
    pub(crate) parameters: Vec<Type>,
}

/// The method that returns a snapshot for the next life, and the type of the snapshot.
pub(crate) struct Snapshot {
    pub(crate) call: Call,
    pub(crate) ty: Type,
}

/// How a method is called.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Ident,
    /// The name of the method for operators.
    pub(crate) name: String,
    pub(crate) is_async: bool,
}

/// A method that handles events.
pub(crate) struct Subscription {
    pub(crate) call: Call,
    /// `#[cfg]`s of the method.
    pub(crate) conditions: Vec<Attribute>,
    pub(crate) listens: Listens,
    pub(crate) filter: Option<Expr>,
    pub(crate) shared: Shared,
    pub(crate) serving: Serving,
}

/// How a handler shares the events with other handlers.
pub(crate) struct Shared {
    pub(crate) group: Option<LitStr>,
    /// A variant of `Balance`.
    pub(crate) balance: Option<Ident>,
    pub(crate) key: Option<Expr>,
}

/// The parameter type of a handler.
pub(crate) enum Listens {
    /// `&E` or `&Envelope<E>`.
    One(Type),
    /// `Batch<E>`.
    Batch(Type),
    /// `&AnyEvent<'_>`, with the pattern.
    Any(LitStr),
}

/// The options of a handler. For options that are not given, `SubscribeOptions::DEFAULT` applies.
pub(crate) struct Serving {
    pub(crate) priority: Option<Expr>,
    pub(crate) timeout_millis: Option<u64>,
    pub(crate) concurrency: Option<LitInt>,
    pub(crate) queue: Option<LitInt>,
    /// A variant of `Overflow`.
    pub(crate) overflow: Option<Ident>,
    pub(crate) batch: Option<LitInt>,
    pub(crate) linger_millis: u64,
    pub(crate) retry: Option<LitInt>,
    pub(crate) backoff_millis: Option<u64>,
    pub(crate) max_backoff_millis: Option<u64>,
    pub(crate) breaker: Option<LitInt>,
    pub(crate) open_for_millis: Option<u64>,
    pub(crate) durable: bool,
}

/// A scheduled method.
pub(crate) struct Schedule {
    pub(crate) call: Call,
    /// `#[cfg]`s of the method.
    pub(crate) conditions: Vec<Attribute>,
    /// Whether it takes `&ScheduledRun`.
    pub(crate) takes_run: bool,
    pub(crate) when: When,
    pub(crate) pace: Pace,
}

/// When a schedule is due.
pub(crate) enum When {
    /// Milliseconds.
    Every(u64),
    Cron {
        expression: LitStr,
        timezone: Option<LitStr>,
    },
    /// Milliseconds.
    After(u64),
}

/// The options of a schedule. For options that are not given, `ScheduleOptions::DEFAULT` applies.
pub(crate) struct Pace {
    pub(crate) jitter_millis: Option<u64>,
    pub(crate) max_runs: Option<LitInt>,
    /// A variant of `Overlap`.
    pub(crate) overlap: Option<Ident>,
    /// A variant of `Misfire`.
    pub(crate) misfire: Option<Ident>,
    pub(crate) timeout_millis: Option<u64>,
}

impl Plugin {
    /// Checks a block and reports every mistake in it.
    pub(crate) fn check(
        options: Options,
        block: &Block,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let exclusive = hook::check_block(block, diagnostics);
        let init = hook::init(block, diagnostics);
        let mut optional = |mark| hook::optional(mark, block, diagnostics);
        let (start, stop) = (optional(Mark::Start), optional(Mark::Stop));
        let (reload, health) = (optional(Mark::Reload), optional(Mark::Health));
        let snapshot = snapshot::check(block, init.as_ref(), diagnostics);
        let subscriptions: Vec<_> = marked(block, Mark::Subscribe)
            .filter_map(|found| subscription::check(found, diagnostics))
            .collect();
        check_queues(&options, &subscriptions, diagnostics);
        let schedules = marked(block, Mark::Schedule)
            .filter_map(|found| schedule::check(found, diagnostics))
            .collect();
        let responds = respond::all(block, diagnostics);
        let interceptors = intercept::all(block, diagnostics);
        Some(Self {
            description: description(&options, block),
            options,
            ty: block.ty.clone(),
            init: init?,
            start,
            stop,
            reload,
            health,
            snapshot,
            subscriptions,
            schedules,
            responds,
            interceptors,
            exclusive,
        })
    }
}

/// If two lives overlap, they share the events of each handler, which then can't have a queue of
/// its own.
fn check_queues(options: &Options, subscriptions: &[Subscription], diagnostics: &mut Diagnostics) {
    let queues = subscriptions
        .iter()
        .filter_map(|one| one.serving.queue.as_ref());
    for queue in queues.filter(|_| options.overlap) {
        diagnostics.at(
            queue,
            "the two lives of a plugin with `overlap` share the events of a handler: leave `queue` \
                out, `mailbox` in the plugin's config bounds them",
        );
    }
}

/// A method and one of its marks.
pub(crate) type Found<'a> = (&'a Method, &'a Marked);

/// The methods with a mark. A method may have it several times, for different builds.
pub(crate) fn marked(block: &Block, mark: Mark) -> impl Iterator<Item = Found<'_>> {
    block.methods().flat_map(move |method| {
        let marks = method.marks.iter().filter(move |one| one.mark == mark);
        marks.map(move |one| (method, one))
    })
}

fn description(options: &Options, block: &Block) -> TokenStream {
    match &options.description {
        Some(text) => text.to_token_stream(),
        None => doc::description(&options.krate, &block.attributes),
    }
}
