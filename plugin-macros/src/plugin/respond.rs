//! `#[respond(…)]` above a method, which takes a request and returns the answer.

use quote::ToTokens;
use syn::{Attribute, LitInt, ReturnType, Signature, Type};

use super::block::Block;
use super::mark::Mark;
use super::model::{Call, Found, marked};
use super::subscription::{count, timeout};
use super::{hook, parameter, receiver};
use crate::attribute::{Arguments, Grammar};
use crate::diagnostics::Diagnostics;

const GRAMMAR: Grammar = Grammar {
    attribute: "#[respond]",
    unnamed: None,
    options: &[
        ("timeout", "timeout = \"5s\""),
        ("concurrency", "concurrency = 4"),
    ],
};

/// A method that answers requests.
pub(crate) struct Respond {
    pub(crate) call: Call,
    /// `#[cfg]`s of the method.
    pub(crate) conditions: Vec<Attribute>,
    pub(crate) request: Type,
    pub(crate) timeout_millis: Option<u64>,
    pub(crate) concurrency: Option<LitInt>,
}

/// Checks all methods that answer.
pub(crate) fn all(block: &Block, diagnostics: &mut Diagnostics) -> Vec<Respond> {
    let responds: Vec<Respond> = marked(block, Mark::Respond)
        .filter_map(|found| check(found, diagnostics))
        .collect();
    check_twice(&responds, diagnostics);
    responds
}

/// Reports two methods for one request. Methods with a `#[cfg]` may exclude each other.
fn check_twice(responds: &[Respond], diagnostics: &mut Diagnostics) {
    let always: Vec<_> = (responds.iter())
        .filter(|respond| respond.conditions.is_empty())
        .collect();
    for (at, respond) in always.iter().enumerate() {
        let request = parameter::text(&respond.request);
        let earlier = always[..at].iter();
        let mut same = earlier.filter(|other| parameter::text(&other.request) == request);
        if let Some(first) = same.next() {
            let first = &first.call.method;
            diagnostics.at(
                &respond.request,
                format!("`{request}` has one answer, and `{first}` gives it: keep one of them"),
            );
        }
    }
}

fn check((method, marked): Found<'_>, diagnostics: &mut Diagnostics) -> Option<Respond> {
    let attribute = &marked.attribute;
    let mut arguments = arguments(attribute, diagnostics);
    let call = receiver::call(Mark::Respond, method, diagnostics);
    receiver::check_shared(Mark::Respond, &method.signature, diagnostics);
    check_answer(&method.signature, diagnostics);
    check_agreement(&arguments, &call, diagnostics);
    let request = request(&method.signature, diagnostics);
    let timeout_millis = timeout(&mut arguments, diagnostics);
    let concurrency = count("concurrency", &mut arguments, diagnostics);
    Some(Respond {
        call,
        conditions: hook::conditions(method, marked),
        request: request?,
        timeout_millis,
        concurrency,
    })
}

fn arguments(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Arguments {
    let parentheses =
        "`#[respond]` takes its options in parentheses: write `#[respond(timeout = \"5s\")]`";
    let arguments = Arguments::of(attribute, &GRAMMAR, parentheses, diagnostics);
    arguments.refuse_positional(
        "the parameter of the method says which request is meant: leave this out",
        diagnostics,
    );
    arguments
}

fn check_agreement(arguments: &Arguments, call: &Call, diagnostics: &mut Diagnostics) {
    if call.is_async {
        return;
    }
    if let Some(option) = arguments.name_of("concurrency") {
        diagnostics.at(
            option,
            "`concurrency` is for an answer on a task of its own, and a synchronous one is given \
                on the task of who asks: write `async fn`, or leave `concurrency` out",
        );
    }
}

fn check_answer(signature: &Signature, diagnostics: &mut Diagnostics) {
    if let ReturnType::Default = signature.output {
        let example = Mark::Respond.example();
        diagnostics.at(
            &signature.ident,
            format!("`#[respond]` returns the answer: write `{example}`"),
        );
    }
}

/// The `Q` of the only parameter, `&Q` or `&Envelope<Q>`.
fn request(signature: &Signature, diagnostics: &mut Diagnostics) -> Option<Type> {
    let parameters = parameter::typed(signature);
    let Some(first) = parameters.first() else {
        let example = Mark::Respond.example();
        diagnostics.at(
            &signature.ident,
            format!("`#[respond]` takes the request: write `{example}`"),
        );
        return None;
    };
    for extra in &parameters[1..] {
        diagnostics.at(
            extra,
            "a method that answers takes `&self` and one request: get what else it needs in \
            `#[init]`, and keep it in the plugin",
        );
    }
    let ty = &*first.ty;
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => {
            let request = &*reference.elem;
            if parameter::is_named(request, "AnyEvent") {
                diagnostics.at(
                    request,
                    "the type of the request says what is answered: write a type with \
                    `#[event(\"…\", answer = …)]`",
                );
                return None;
            }
            let inner = parameter::argument(request, "Envelope").unwrap_or(request);
            Some(inner.clone())
        }
        _ => {
            let text = parameter::text(match ty {
                Type::Reference(reference) => &reference.elem,
                other => other,
            });
            diagnostics.at(
                ty.to_token_stream(),
                format!("a request is only read by who answers it: write `&{text}`"),
            );
            None
        }
    }
}
