//! `#[subscribe(…)]` above a method: the attribute and the signature must agree.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitInt, LitStr, Meta, Signature, Type};

use super::block::Method;
use super::mark::Mark;
use super::model::{Call, Listens, Serving, Subscription};
use super::{duration, hook, parameter, receiver};
use crate::attribute::{Arguments, Grammar};
use crate::diagnostics::Diagnostics;
use crate::{suggestion, topic};

const GRAMMAR: Grammar = Grammar {
    attribute: "#[subscribe]",
    unnamed: Some("a pattern such as \"user.*\""),
    options: &[
        ("filter", "filter = |event| event.total_cents > 0"),
        ("priority", "priority = 10"),
        ("timeout", "timeout = \"5s\""),
        ("concurrency", "concurrency = 4"),
        ("overflow", "overflow = drop_oldest"),
        ("batch", "batch = 256"),
        ("linger", "linger = \"10ms\""),
    ],
};

const OVERFLOWS: [(&str, &str); 4] = [
    ("wait", "Wait"),
    ("drop_oldest", "DropOldest"),
    ("drop_newest", "DropNewest"),
    ("fail", "Fail"),
];

/// Options that only a handler with a mailbox can have.
const QUEUED_ONLY: [&str; 4] = ["concurrency", "overflow", "batch", "linger"];

/// A parameter type, before the attribute is compared with it.
enum Taken {
    One(Type),
    Batch(Type),
    Any(Type),
}

/// Checks one handler.
pub(crate) fn check(method: &Method, diagnostics: &mut Diagnostics) -> Option<Subscription> {
    let (_, attribute) = method
        .marks
        .iter()
        .find(|(mark, _)| *mark == Mark::Subscribe)?;
    let mut arguments = arguments(attribute, diagnostics);
    let call = receiver::call(Mark::Subscribe, method, diagnostics);
    receiver::check_shared(Mark::Subscribe, &method.signature, diagnostics);
    let taken = taken(&method.signature, diagnostics);
    check_agreement(&arguments, &call, taken.as_ref(), diagnostics);
    let pattern = pattern(&mut arguments, diagnostics);
    let filter = filter(&mut arguments, diagnostics);
    let serving = serving(&mut arguments, diagnostics);
    Some(Subscription {
        call,
        conditions: hook::conditions(method).cloned().collect(),
        listens: listens(taken?, pattern?, diagnostics)?,
        filter,
        serving,
    })
}

fn arguments(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Arguments {
    let tokens = match &attribute.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(pair) => {
            diagnostics.at(
                pair,
                "`#[subscribe]` takes its pattern in parentheses: write `#[subscribe(\"user.*\")]`",
            );
            TokenStream::new()
        }
    };
    Arguments::parse(&GRAMMAR, tokens, diagnostics)
}

/// The one parameter after `&self`.
fn taken(signature: &Signature, diagnostics: &mut Diagnostics) -> Option<Taken> {
    let parameters = parameter::typed(signature);
    let Some(first) = parameters.first() else {
        let example = Mark::Subscribe.example();
        diagnostics.at(
            &signature.ident,
            format!("a handler takes the event: write `{example}`"),
        );
        return None;
    };
    for extra in &parameters[1..] {
        diagnostics.at(extra, "a handler takes `&self` and one event: get what else it needs in `#[init]`, and keep it in the plugin");
    }
    classify(&first.ty, diagnostics)
}

fn classify(ty: &Type, diagnostics: &mut Diagnostics) -> Option<Taken> {
    if let Some(event) = parameter::argument(ty, "Batch") {
        return Some(Taken::Batch(event.clone()));
    }
    if parameter::is_named(ty, "Batch") {
        diagnostics.at(
            ty,
            "a batch names the type of its events: write it as in `Batch<UserLogin>`",
        );
        return None;
    }
    let Type::Reference(reference) = ty else {
        let text = parameter::text(ty);
        diagnostics.at(
            ty,
            format!("an event is shared by all its handlers: write `&{text}`"),
        );
        return None;
    };
    let event = &*reference.elem;
    if let Some(token) = &reference.mutability {
        let text = parameter::text(event);
        diagnostics.at(
            token,
            format!(
                "an event is shared by all its handlers, and none can change it: write `&{text}`"
            ),
        );
    }
    if parameter::is_named(event, "Batch") {
        let text = parameter::text(event);
        diagnostics.at(
            ty,
            format!("a batch belongs to its handler: write `{text}`, without the `&`"),
        );
        return None;
    }
    if matches!(event, Type::ImplTrait(_) | Type::TraitObject(_)) {
        diagnostics.at(event, "the type of the event says which topic is meant: write a type with `#[event]`, or `&AnyEvent<'_>` with a pattern");
        return None;
    }
    if parameter::is_named(event, "AnyEvent") {
        return Some(Taken::Any(ty.clone()));
    }
    let inner = parameter::argument(event, "Envelope").unwrap_or(event);
    Some(Taken::One(inner.clone()))
}

/// Refuses options that the signature leaves no room for.
fn check_agreement(
    arguments: &Arguments,
    call: &Call,
    taken: Option<&Taken>,
    diagnostics: &mut Diagnostics,
) {
    let is_batch = matches!(taken, Some(Taken::Batch(_)));
    if is_batch && !call.is_async {
        let message = "a handler of batches waits for them to fill, which only an `async fn` can: write `async fn`";
        return diagnostics.at(&call.method, message);
    }
    for name in QUEUED_ONLY.into_iter().filter(|_| !call.is_async) {
        if let Some(option) = arguments.name_of(name) {
            diagnostics.at(option, format!("`{name}` is for a handler with a mailbox, and a synchronous one runs on the publisher's task: write `async fn`, or leave `{name}` out"));
        }
    }
    for name in ["batch", "linger"]
        .into_iter()
        .filter(|_| call.is_async && taken.is_some() && !is_batch)
    {
        if let Some(option) = arguments.name_of(name) {
            diagnostics.at(option, format!("`{name}` is for a handler that takes `Batch<E>`: take a batch, or leave `{name}` out"));
        }
    }
    if is_batch && !arguments.has("batch") {
        diagnostics.at(&call.method, "a handler of batches says how many events it takes at most: write `#[subscribe(batch = 256)]`");
    }
}

/// The pattern, if one is given; the outer `None` is a mistake.
fn pattern(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<Option<LitStr>> {
    let mut positional = std::mem::take(&mut arguments.positional).into_iter();
    let Some(first) = positional.next() else {
        return (!arguments.has_unknown()).then_some(None);
    };
    for extra in positional {
        diagnostics.at(extra, "a handler has one pattern: write one that matches all the topics, such as \"user.*\", or another method");
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

/// The filter; it is a `fn`, so it sees nothing but the event.
fn filter(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let filter = arguments.expression("filter", diagnostics)?;
    if let Some(this) = find_self(filter.to_token_stream()) {
        diagnostics.at(this, "a filter sees the event alone and no `self`: compare with `self` in the handler, and return there");
    }
    Some(filter)
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
            diagnostics.at(ty, "`AnyEvent` does not say which topics are meant: give the pattern, as in `#[subscribe(\"user.*\")]`");
            None
        }
        (Taken::One(event) | Taken::Batch(event), Some(pattern)) => {
            let text = parameter::text(&event);
            diagnostics.at(pattern, format!("`{text}` says which topic is meant: leave the pattern out, or take `&AnyEvent<'_>`"));
            None
        }
        (Taken::One(event), None) => Some(Listens::One(event)),
        (Taken::Batch(event), None) => Some(Listens::Batch(event)),
    }
}

fn serving(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Serving {
    Serving {
        priority: arguments.expression("priority", diagnostics),
        timeout_millis: timeout(arguments, diagnostics),
        concurrency: count("concurrency", arguments, diagnostics),
        overflow: overflow(arguments, diagnostics),
        batch: count("batch", arguments, diagnostics),
        linger_millis: arguments
            .string("linger", diagnostics)
            .and_then(|text| duration::millis(&text, diagnostics))
            .unwrap_or(0),
    }
}

fn timeout(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<u64> {
    let text = arguments.string("timeout", diagnostics)?;
    let millis = duration::millis(&text, diagnostics)?;
    if millis == 0 {
        diagnostics.at(&text, "a time limit of zero stops every call: write a longer one, or leave `timeout` out to take the manager's");
    }
    Some(millis)
}

fn count(name: &str, arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<LitInt> {
    let number = arguments.integer(name, diagnostics)?;
    match number.base10_parse::<u32>() {
        Ok(0) => diagnostics.at(
            &number,
            format!("`{name}` is at least 1: write `{name} = 1`, or leave it out"),
        ),
        Ok(_) => {}
        Err(_) => diagnostics.at(
            &number,
            format!(
                "`{name}` is a number from 1 to {}: write one in that range",
                u32::MAX
            ),
        ),
    }
    Some(number)
}

fn overflow(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<Ident> {
    let word = arguments.word("overflow", diagnostics)?;
    let variant = OVERFLOWS.iter().find(|(name, _)| word == name);
    if variant.is_none() {
        let known = suggestion::listed(&OVERFLOWS.map(|(name, _)| name));
        diagnostics.at(
            &word,
            format!("`{word}` is no overflow policy: write one of {known}"),
        );
    }
    variant.map(|(_, variant)| Ident::new(variant, word.span()))
}
