//! `#[intercept(…)]` above a method: checks that the stage and the signature agree.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{
    Attribute, Expr, ExprLit, ExprPath, Ident, Lit, LitStr, PatType, ReturnType, Signature, Type,
};

use super::block::Block;
use super::mark::{FORMER_INTERCEPT, Mark};
use super::model::{Call, Found, marked};
use super::{hook, parameter, receiver};
use crate::attribute::{Arguments, Grammar};
use crate::diagnostics::Diagnostics;
use crate::{fragment, topic};

const GRAMMAR: Grammar = Grammar {
    attribute: "#[intercept]",
    unnamed: None,
    options: &[
        ("publish", "publish"),
        ("deliver", "deliver"),
        ("delivered", "delivered"),
        ("topics", "topics = \"user.*\""),
        ("priority", "priority = 10"),
    ],
};

/// A method that is called around the events of other plugins.
pub(crate) struct Interceptor {
    pub(crate) call: Call,
    /// `#[cfg]`s of the method.
    pub(crate) conditions: Vec<Attribute>,
    pub(crate) stage: Stage,
    /// The span of the word that the user wrote.
    pub(crate) stage_span: Span,
    pub(crate) topics: Option<Topics>,
    pub(crate) priority: Option<Expr>,
    /// The event type, for a method of the stage `publish` that names one.
    pub(crate) event: Option<Type>,
    /// The return type of a method of the stage `publish`, if it has one.
    pub(crate) output: Option<Type>,
    /// The attribute's name, if it is the former one.
    pub(crate) former: Option<Ident>,
}

/// The topics for which it is called.
pub(crate) enum Topics {
    Pattern(LitStr),
    /// A function of the plugin that returns them.
    Named(ExprPath),
}

/// When it is called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Publish,
    Deliver,
    Delivered,
}

impl Stage {
    const ALL: [Self; 3] = [Self::Publish, Self::Deliver, Self::Delivered];

    /// The word in the attribute, which is also the name of the kernel's function.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Deliver => "deliver",
            Self::Delivered => "delivered",
        }
    }

    /// The variant of the kernel's `Stage`.
    pub(crate) fn variant(self) -> &'static str {
        match self {
            Self::Publish => "Publish",
            Self::Deliver => "Deliver",
            Self::Delivered => "Delivered",
        }
    }

    /// An example of a method of the stage.
    fn example(self) -> &'static str {
        match self {
            Self::Publish => "fn check(&self, event: &AnyEvent<'_>) -> Result<()>",
            Self::Deliver => "fn before(&self, delivery: &Delivery<'_>) -> Result<()>",
            Self::Delivered => "fn after(&self, delivery: &Delivery<'_>, outcome: &Delivered<'_>)",
        }
    }

    /// The types behind the references that a method of the stage takes.
    fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Publish => &["AnyEvent"],
            Self::Deliver => &["Delivery"],
            Self::Delivered => &["Delivery", "Delivered"],
        }
    }
}

/// Checks all interceptors of a block.
pub(crate) fn all(block: &Block, diagnostics: &mut Diagnostics) -> Vec<Interceptor> {
    marked(block, Mark::Intercept)
        .filter_map(|found| check(found, diagnostics))
        .collect()
}

fn check((method, marked): Found<'_>, diagnostics: &mut Diagnostics) -> Option<Interceptor> {
    let attribute = &marked.attribute;
    let mut arguments = arguments(attribute, diagnostics);
    let call = receiver::call(Mark::Intercept, method, diagnostics);
    receiver::check_shared(Mark::Intercept, &method.signature, diagnostics);
    check_synchronous(&method.signature, diagnostics);
    let topics = topics(&mut arguments, diagnostics);
    let priority = arguments.expression("priority", diagnostics);
    let (stage, stage_span) = stage(&mut arguments, attribute, diagnostics)?;
    let event = (stage == Stage::Publish)
        .then(|| event(&method.signature))
        .flatten();
    match &event {
        Some(event) => check_typed(event, &method.signature, topics.as_ref(), diagnostics),
        None => check_parameters(stage, &method.signature, diagnostics),
    }
    let output = output(&method.signature, diagnostics);
    Some(Interceptor {
        call,
        conditions: hook::conditions(method, marked),
        stage,
        stage_span,
        topics,
        priority,
        event,
        output: output.filter(|_| stage == Stage::Publish),
        former: attribute
            .path()
            .get_ident()
            .filter(|name| *name == FORMER_INTERCEPT)
            .cloned(),
    })
}

fn arguments(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Arguments {
    let parentheses =
        "`#[intercept]` takes its stage in parentheses: write `#[intercept(publish)]`";
    let arguments = Arguments::of(attribute, &GRAMMAR, parentheses, diagnostics);
    arguments.refuse_positional(
        "the pattern of an interceptor has a name: write `topics = \"user.*\"`",
        diagnostics,
    );
    arguments
}

fn topics(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<Topics> {
    match arguments.expression("topics", diagnostics)? {
        Expr::Lit(ExprLit {
            lit: Lit::Str(pattern),
            ..
        }) => {
            topic::check_pattern(&pattern, diagnostics);
            Some(Topics::Pattern(pattern))
        }
        Expr::Path(path) => Some(Topics::Named(path)),
        other => {
            diagnostics.at(
                other,
                "`topics` is a pattern, or a function that names them: write `topics = \"user.*\"`, \
                    or `topics = Self::topics` with `fn topics(&self) -> Vec<Pattern>`",
            );
            None
        }
    }
}

/// The only stage that is named.
fn stage(
    arguments: &mut Arguments,
    attribute: &Attribute,
    diagnostics: &mut Diagnostics,
) -> Option<(Stage, Span)> {
    let mut named: Option<(Stage, Ident)> = None;
    for stage in Stage::ALL {
        let Some(argument) = arguments.take(stage.word()) else {
            continue;
        };
        if !argument.is_flag() {
            arguments.malformed(&argument, diagnostics);
        }
        match &named {
            None => named = Some((stage, argument.name)),
            Some((first, _)) => diagnostics.at(
                &argument.name,
                format!(
                    "an interceptor has one stage, and `{}` is it: write another method for `{}`",
                    first.word(),
                    stage.word()
                ),
            ),
        }
    }
    if named.is_none() && !arguments.has_unknown() {
        diagnostics.at(
            attribute,
            "`#[intercept]` says when it is called: write `#[intercept(publish)]` before an \
                event is published, `#[intercept(deliver)]` before a handler is called, \
                `#[intercept(delivered)]` after it",
        );
    }
    named.map(|(stage, word)| (stage, word.span()))
}

fn check_synchronous(signature: &Signature, diagnostics: &mut Diagnostics) {
    if let Some(token) = &signature.asyncness {
        diagnostics.at(
            token,
            "an interceptor is called on the way of each event, which does not wait: write `fn`, \
                and send what takes time to a task of `#[start]`",
        );
    }
}

/// The `E` of a first parameter `&E` or `&Envelope<E>`, if it is an event type.
fn event(signature: &Signature) -> Option<Type> {
    let parameters = parameter::typed(signature);
    let Type::Reference(reference) = &*parameters.first()?.ty else {
        return None;
    };
    let event = parameter::argument(&reference.elem, "Envelope").unwrap_or(&reference.elem);
    let other = ["AnyEvent", "Delivery", "Delivered"];
    let is_other = other.iter().any(|name| parameter::is_named(event, name));
    let is_path = matches!(fragment::inner_type(event), Type::Path(_));
    (is_path && !is_other).then(|| event.clone())
}

/// Checks a method of the stage `publish` that names the event type.
fn check_typed(
    event: &Type,
    signature: &Signature,
    topics: Option<&Topics>,
    diagnostics: &mut Diagnostics,
) {
    let text = parameter::text(event);
    if let Some(Topics::Pattern(_) | Topics::Named(_)) = topics {
        let topics = topics.map(|topics| match topics {
            Topics::Pattern(pattern) => pattern.to_token_stream(),
            Topics::Named(path) => path.to_token_stream(),
        });
        diagnostics.at(
            topics,
            format!(
                "`{text}` says which topic is meant: leave `topics` out, or take `&AnyEvent<'_>`"
            ),
        );
    }
    let parameters = parameter::typed(signature);
    if let Some(PatType { ty, .. }) = parameters.first()
        && let Type::Reference(reference) = &**ty
        && let Some(token) = &reference.mutability
    {
        diagnostics.at(
            token,
            format!(
                "an interceptor returns the event that it wants in the place of this one: take \
                    `&{text}`, and write `-> Result<Option<{text}>>`"
            ),
        );
    }
    for extra in parameters.iter().skip(1) {
        diagnostics.at(
            extra,
            format!(
                "`#[intercept(publish)]` has no place for this parameter: write `fn check(&self, \
                    event: &{text}) -> Result<Option<{text}>>`"
            ),
        );
    }
}

/// The return type, if there is one. It has to be written explicitly, because it says whether the
/// method may change an event.
fn output(signature: &Signature, diagnostics: &mut Diagnostics) -> Option<Type> {
    let ReturnType::Type(_, ty) = &signature.output else {
        return None;
    };
    let ty = fragment::bare_type(Type::clone(ty));
    if let Type::ImplTrait(_) = &ty {
        diagnostics.at(
            &ty,
            "an interceptor says what it returns: write `Result<()>`, or `Result<Option<…>>` with \
                what it may put in the event's place",
        );
        return None;
    }
    Some(ty)
}

fn check_parameters(stage: Stage, signature: &Signature, diagnostics: &mut Diagnostics) {
    let parameters = parameter::typed(signature);
    let wanted = stage.parameters();
    for (parameter, name) in parameters.iter().zip(wanted) {
        if let Some(event) = by_value(stage, parameter) {
            diagnostics.at(
                parameter.ty.to_token_stream(),
                format!(
                    "an interceptor borrows the event, which is its publisher's: write `&{event}`"
                ),
            );
        } else if !is_reference_to(parameter, name) {
            diagnostics.at(
                parameter.ty.to_token_stream(),
                format!(
                    "`#[intercept({})]` takes `&{name}<'_>`{} here: write `{}`",
                    stage.word(),
                    if stage == Stage::Publish {
                        " or a type of event, as `&UserLogin`,"
                    } else {
                        ""
                    },
                    stage.example()
                ),
            );
        }
    }
    for extra in parameters.iter().skip(wanted.len()) {
        diagnostics.at(
            extra,
            format!(
                "`#[intercept({})]` has no place for this parameter: write `{}`",
                stage.word(),
                stage.example()
            ),
        );
    }
    if parameters.len() < wanted.len() {
        diagnostics.at(
            &signature.ident,
            format!(
                "`#[intercept({})]` takes more than this: write `{}`",
                stage.word(),
                stage.example()
            ),
        );
    }
}

/// The event type that an interceptor of the stage `publish` takes without a `&`.
fn by_value(stage: Stage, parameter: &PatType) -> Option<String> {
    let ty = fragment::inner_type(&parameter.ty);
    let is_of_a_call = ["Delivery", "Delivered"]
        .iter()
        .any(|name| parameter::is_named(ty, name));
    let is_event = matches!(ty, Type::Path(_)) && !is_of_a_call;
    (stage == Stage::Publish && is_event).then(|| match parameter::is_named(ty, "AnyEvent") {
        true => "AnyEvent<'_>".to_owned(),
        false => parameter::text(ty),
    })
}

fn is_reference_to(parameter: &PatType, name: &str) -> bool {
    matches!(&*parameter.ty, Type::Reference(reference)
        if reference.mutability.is_none() && parameter::is_named(&reference.elem, name))
}
