//! `#[middleware(…)]` above a method: the stage and the signature must agree.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, ExprPath, Ident, Lit, LitStr, PatType, Signature, Type};

use super::block::Block;
use super::mark::Mark;
use super::model::{Call, Found, marked};
use super::{hook, parameter, receiver};
use crate::attribute::{Arguments, Grammar};
use crate::diagnostics::Diagnostics;
use crate::topic;

const GRAMMAR: Grammar = Grammar {
    attribute: "#[middleware]",
    unnamed: None,
    options: &[
        ("publish", "publish"),
        ("deliver", "deliver"),
        ("delivered", "delivered"),
        ("topics", "topics = \"user.*\""),
        ("priority", "priority = 10"),
    ],
};

/// A method that is called around the events of others.
pub(crate) struct Middleware {
    pub(crate) call: Call,
    /// `#[cfg]`s of the method.
    pub(crate) conditions: Vec<Attribute>,
    pub(crate) stage: Stage,
    /// The word as the user wrote it.
    pub(crate) stage_span: Span,
    pub(crate) topics: Option<Topics>,
    pub(crate) priority: Option<Expr>,
}

/// Which topics it is called for.
pub(crate) enum Topics {
    Pattern(LitStr),
    /// A function of the plugin that names them.
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

    /// How a method of the stage is written.
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

/// Checks all middleware of a block.
pub(crate) fn all(block: &Block, diagnostics: &mut Diagnostics) -> Vec<Middleware> {
    marked(block, Mark::Middleware)
        .filter_map(|found| check(found, diagnostics))
        .collect()
}

fn check((method, marked): Found<'_>, diagnostics: &mut Diagnostics) -> Option<Middleware> {
    let attribute = &marked.attribute;
    let mut arguments = arguments(attribute, diagnostics);
    let call = receiver::call(Mark::Middleware, method, diagnostics);
    receiver::check_shared(Mark::Middleware, &method.signature, diagnostics);
    check_synchronous(&method.signature, diagnostics);
    let topics = topics(&mut arguments, diagnostics);
    let priority = arguments.expression("priority", diagnostics);
    let (stage, stage_span) = stage(&mut arguments, attribute, diagnostics)?;
    check_parameters(stage, &method.signature, diagnostics);
    Some(Middleware {
        call,
        conditions: hook::conditions(method, marked),
        stage,
        stage_span,
        topics,
        priority,
    })
}

fn arguments(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Arguments {
    let parentheses =
        "`#[middleware]` takes its stage in parentheses: write `#[middleware(publish)]`";
    let arguments = Arguments::of(attribute, &GRAMMAR, parentheses, diagnostics);
    arguments.refuse_positional(
        "the pattern of a middleware has a name: write `topics = \"user.*\"`",
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

/// The one stage that is named.
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
                    "a middleware has one stage, and `{}` is it: write another method for `{}`",
                    first.word(),
                    stage.word()
                ),
            ),
        }
    }
    if named.is_none() && !arguments.has_unknown() {
        diagnostics.at(
            attribute,
            "`#[middleware]` says when it is called: write `#[middleware(publish)]` before an \
                event is published, `#[middleware(deliver)]` before a handler is called, \
                `#[middleware(delivered)]` after it",
        );
    }
    named.map(|(stage, word)| (stage, word.span()))
}

fn check_synchronous(signature: &Signature, diagnostics: &mut Diagnostics) {
    if let Some(token) = &signature.asyncness {
        diagnostics.at(
            token,
            "a middleware is called on the way of each event, which does not wait: write `fn`, \
                and send what takes time to a task of `#[start]`",
        );
    }
}

fn check_parameters(stage: Stage, signature: &Signature, diagnostics: &mut Diagnostics) {
    let parameters = parameter::typed(signature);
    let wanted = stage.parameters();
    for (parameter, name) in parameters.iter().zip(wanted) {
        if !is_reference_to(parameter, name) {
            diagnostics.at(
                parameter.ty.to_token_stream(),
                format!(
                    "`#[middleware({})]` takes `&{name}<'_>` here: write `{}`",
                    stage.word(),
                    stage.example()
                ),
            );
        }
    }
    for extra in parameters.iter().skip(wanted.len()) {
        diagnostics.at(
            extra,
            format!(
                "`#[middleware({})]` has no place for this parameter: write `{}`",
                stage.word(),
                stage.example()
            ),
        );
    }
    if parameters.len() < wanted.len() {
        diagnostics.at(
            &signature.ident,
            format!(
                "`#[middleware({})]` takes more than this: write `{}`",
                stage.word(),
                stage.example()
            ),
        );
    }
}

fn is_reference_to(parameter: &PatType, name: &str) -> bool {
    matches!(&*parameter.ty, Type::Reference(reference)
        if reference.mutability.is_none() && parameter::is_named(&reference.elem, name))
}
