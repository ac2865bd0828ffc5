//! The kind of parameter that a handler takes, by its notation.

use syn::{Signature, Type};

use crate::diagnostics::Diagnostics;
use crate::plugin::mark::Mark;
use crate::plugin::parameter;

/// A parameter type, before it is compared with the attribute.
pub(super) enum Taken {
    One(Type),
    Batch(Type),
    Any(Type),
}

/// The only parameter after `&self`.
pub(super) fn taken(signature: &Signature, diagnostics: &mut Diagnostics) -> Option<Taken> {
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
        diagnostics.at(
            extra,
            "a handler takes `&self` and one event: get what else it needs in \
            `#[init]`, and keep it in the plugin",
        );
    }
    classify(&first.ty, diagnostics)
}

fn classify(ty: &Type, diagnostics: &mut Diagnostics) -> Option<Taken> {
    if let Some(event) = parameter::argument(ty, "Batch") {
        return Some(Taken::Batch(event.clone()));
    }
    if parameter::is_named(ty, "Batch") {
        // rustc reports the missing type itself.
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
        diagnostics.at(
            event,
            "the type of the event says which topic is meant: write a type \
            with `#[event]`, or `&AnyEvent<'_>` with a pattern",
        );
        return None;
    }
    if parameter::is_named(event, "str") {
        // rustc would first complain that `str` has no size.
        diagnostics.at(
            event,
            "`str` is not an event: write a struct that holds the text, with \
            `#[event(\"some.topic\")]` above it",
        );
        return None;
    }
    if parameter::is_named(event, "AnyEvent") {
        return Some(Taken::Any(ty.clone()));
    }
    let inner = parameter::argument(event, "Envelope").unwrap_or(event);
    Some(Taken::One(inner.clone()))
}
