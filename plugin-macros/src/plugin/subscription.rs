//! `#[subscribe(…)]` above a method: checks that the attribute and the signature agree.

mod breaker;
mod durable;
mod retry;
mod serving;
mod shared;
mod taken;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Stmt, Token};

use super::mark::Mark;
use super::model::{Call, Found, Listens, Subscription};
use super::{hook, parameter, receiver};
use crate::attribute::{Arguments, Grammar};
use crate::diagnostics::Diagnostics;
use crate::{fragment, topic};
use serving::serving;
pub(super) use serving::{count, timeout};
use shared::shared;
use taken::{Taken, taken};

const GRAMMAR: Grammar = Grammar {
    attribute: "#[subscribe]",
    unnamed: Some("a pattern such as \"user.*\""),
    options: &[
        ("filter", "filter = |event| event.total_cents > 0"),
        ("priority", "priority = 10"),
        ("timeout", "timeout = \"5s\""),
        ("concurrency", "concurrency = 4"),
        ("queue", "queue = 100"),
        ("overflow", "overflow = drop_oldest"),
        ("batch", "batch = 256"),
        ("linger", "linger = \"10ms\""),
        ("retry", "retry = 5"),
        ("backoff", "backoff = \"200ms\""),
        ("max_backoff", "max_backoff = \"10s\""),
        ("breaker", "breaker = 5"),
        ("open_for", "open_for = \"30s\""),
        ("group", "group = \"billing\""),
        ("balance", "balance = least_loaded"),
        ("key", "key = |event| &event.user_id"),
        ("durable", "durable"),
    ],
};

/// Options that only a handler with a mailbox can have.
const QUEUED_ONLY: [&str; 14] = [
    "concurrency",
    "queue",
    "overflow",
    "batch",
    "linger",
    "retry",
    "backoff",
    "max_backoff",
    "breaker",
    "open_for",
    "group",
    "balance",
    "key",
    "durable",
];

/// Checks one handler.
pub(crate) fn check(
    (method, marked): Found<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Subscription> {
    let attribute = &marked.attribute;
    let mut arguments = arguments(attribute, diagnostics);
    let call = receiver::call(Mark::Subscribe, method, diagnostics);
    receiver::check_shared(Mark::Subscribe, &method.signature, diagnostics);
    let taken = taken(&method.signature, diagnostics);
    check_agreement(&arguments, &call, taken.as_ref(), diagnostics);
    if call.is_async {
        retry::check(&arguments, diagnostics);
        breaker::check(&arguments, diagnostics);
    }
    let pattern = pattern(&mut arguments, diagnostics);
    let filter = filter(&mut arguments, diagnostics);
    let shared = shared(&mut arguments, is_batch(taken.as_ref()), diagnostics);
    let serving = serving(&mut arguments, diagnostics);
    Some(Subscription {
        call,
        conditions: hook::conditions(method, marked),
        listens: listens(taken?, pattern?, diagnostics)?,
        filter,
        shared,
        serving,
    })
}

fn arguments(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Arguments {
    let parentheses =
        "`#[subscribe]` takes its pattern in parentheses: write `#[subscribe(\"user.*\")]`";
    Arguments::of(attribute, &GRAMMAR, parentheses, diagnostics)
}

/// Refuses options that the signature does not allow.
fn check_agreement(
    arguments: &Arguments,
    call: &Call,
    taken: Option<&Taken>,
    diagnostics: &mut Diagnostics,
) {
    let is_batch = is_batch(taken);
    if is_batch && !call.is_async {
        let message = "a handler of batches waits for them to fill, which only an `async fn` \
            can: write `async fn`";
        return diagnostics.at(&call.method, message);
    }
    for name in QUEUED_ONLY.into_iter().filter(|_| !call.is_async) {
        if let Some(option) = arguments.name_of(name) {
            diagnostics.at(
                option,
                format!(
                    "`{name}` is for a handler with a mailbox, and a \
                synchronous one runs on the publisher's task: write `async fn`, or leave \
                `{name}` out"
                ),
            );
        }
    }
    for name in ["batch", "linger"]
        .into_iter()
        .filter(|_| call.is_async && taken.is_some() && !is_batch)
    {
        if let Some(option) = arguments.name_of(name) {
            diagnostics.at(
                option,
                format!(
                    "`{name}` is for a handler that takes `Batch<E>`: \
                take a batch, or leave `{name}` out"
                ),
            );
        }
    }
    if call.is_async {
        durable::check(arguments, taken, diagnostics);
    }
    if is_batch && arguments.lacks("batch") {
        diagnostics.at(
            &call.method,
            "a handler of batches says how many events it takes at \
            most: write `#[subscribe(batch = 256)]`",
        );
    }
}

/// The pattern, if one is given; the outer `None` stands for a mistake.
fn pattern(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<Option<LitStr>> {
    let mut positional = std::mem::take(&mut arguments.positional).into_iter();
    let Some(first) = positional.next() else {
        return (!arguments.has_unknown()).then_some(None);
    };
    for extra in positional {
        diagnostics.at(
            extra,
            "a handler has one pattern: write one that matches all the topics, \
            such as \"user.*\", or another method",
        );
    }
    match first {
        Expr::Lit(ExprLit {
            lit: Lit::Str(pattern),
            ..
        }) => {
            topic::check_pattern(&pattern, diagnostics);
            Some(Some(pattern))
        }
        other => {
            diagnostics.at(
                other,
                "the pattern is a string literal: write it as in `#[subscribe(\"user.*\")]`",
            );
            None
        }
    }
}

fn is_batch(taken: Option<&Taken>) -> bool {
    matches!(taken, Some(Taken::Batch(_)))
}

/// The filter. It becomes a `fn`, so it can use only the event.
fn filter(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let filter = arguments.expression("filter", diagnostics)?;
    if let Some(this) = find_self(filter.to_token_stream()) {
        diagnostics.at(
            this,
            "a filter sees the event alone and no `self`: compare with `self` \
            in the handler, and return there",
        );
    }
    if let Some(token) = awaits(&filter) {
        diagnostics.at(
            token,
            "a filter is asked while the event is published, which does not wait: write a closure \
                without `async`, and return early in the handler for what has to wait",
        );
        return None;
    }
    Some(filter)
}

/// The `async` of a closure that returns a future.
pub(super) fn awaits(expr: &Expr) -> Option<Token![async]> {
    let Expr::Closure(closure) = expr else {
        return None;
    };
    let body = match fragment::inner_expr(&closure.body) {
        Expr::Async(body) => Some(body.async_token),
        Expr::Block(block) => match &block.block.stmts[..] {
            [Stmt::Expr(Expr::Async(body), None)] => Some(body.async_token),
            _ => None,
        },
        _ => None,
    };
    closure.asyncness.or(body)
}

fn find_self(tokens: TokenStream) -> Option<TokenTree> {
    tokens.into_iter().find_map(|token| match &token {
        TokenTree::Ident(ident) if ident == "self" => Some(token),
        TokenTree::Group(group) => find_self(group.stream()),
        _ => None,
    })
}

fn listens(
    taken: Taken,
    pattern: Option<LitStr>,
    diagnostics: &mut Diagnostics,
) -> Option<Listens> {
    match (taken, pattern) {
        (Taken::Any(_), Some(pattern)) => Some(Listens::Any(pattern)),
        (Taken::Any(ty), None) => {
            diagnostics.at(
                ty,
                "`AnyEvent` does not say which topics are meant: give the \
                pattern, as in `#[subscribe(\"user.*\")]`",
            );
            None
        }
        (Taken::One(event) | Taken::Batch(event), Some(pattern)) => {
            let text = parameter::text(&event);
            diagnostics.at(
                pattern,
                format!(
                    "`{text}` says which topic is meant: leave the \
                pattern out, or take `&AnyEvent<'_>`"
                ),
            );
            None
        }
        (Taken::One(event), None) => Some(Listens::One(event)),
        (Taken::Batch(event), None) => Some(Listens::Batch(event)),
    }
}
