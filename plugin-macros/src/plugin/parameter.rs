//! The types of a method's parameters, as far as their notation distinguishes them.

use syn::{FnArg, GenericArgument, PatType, PathArguments, PathSegment, Signature, Type};

use crate::diagnostics::Diagnostics;
use crate::{conditions, fragment};

/// Reports parameters that exist only in some builds, because the generated code passes each of
/// them.
pub(crate) fn check_conditions(signature: &Signature, diagnostics: &mut Diagnostics) {
    for input in &signature.inputs {
        let attributes = match input {
            FnArg::Receiver(receiver) => &receiver.attrs,
            FnArg::Typed(parameter) => &parameter.attrs,
        };
        for condition in conditions::of(attributes) {
            diagnostics.at(
                condition,
                "a parameter that the kernel hands over can't depend on a `#[cfg]`: write the \
                    method twice, with a `#[cfg]` above each",
            );
        }
    }
}

/// The parameters after `self`.
pub(crate) fn typed(signature: &Signature) -> Vec<&PatType> {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(parameter) => Some(parameter),
        FnArg::Receiver(_) => None,
    });
    typed.collect()
}

/// The types of the parameters of `init` and of `reload`, which the kernel supplies.
pub(crate) fn handed_over(signature: &Signature, diagnostics: &mut Diagnostics) -> Vec<Type> {
    let mut config_seen = false;
    let mut types = Vec::new();
    for parameter in typed(signature) {
        if let Type::ImplTrait(ty) = &*parameter.ty {
            diagnostics.at(
                ty,
                "the kernel reads what the plugin needs off the type: write the \
                type out, such as `Config<C>`",
            );
            continue;
        }
        if is_named(&parameter.ty, "Config") && std::mem::replace(&mut config_seen, true) {
            diagnostics.at(
                &parameter.ty,
                "a plugin has one config: put all its keys into one type",
            );
        }
        types.push((*parameter.ty).clone());
    }
    types
}

/// Whether the last segment of a type's path is `name`.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

/// The `E` of `Name<E>`.
pub(crate) fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The type as text, for a message.
pub(crate) fn text(ty: &Type) -> String {
    fragment::text(ty)
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match fragment::inner_type(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}
