//! The parts of a signature that all methods of a plugin have in common.

use quote::quote;
use syn::{GenericParam, Receiver, ReceiverKind, Signature, Type};

use super::block::Method;
use super::mark::Mark;
use super::model::Call;
use super::parameter;
use crate::diagnostics::Diagnostics;
use crate::fragment;

/// How the method is called. Reports what a method of a plugin must not have.
pub(crate) fn call(mark: Mark, method: &Method, diagnostics: &mut Diagnostics) -> Call {
    let signature = &method.signature;
    let name = mark.name();
    parameter::check_conditions(signature, diagnostics);
    if has_type_parameters(signature) {
        let message =
            format!("a `#[{name}]` method has no generic parameters: write the types out");
        diagnostics.at(&signature.generics, message);
    }
    if let syn::Safety::Unsafe(token) = &signature.safety {
        let message = format!(
            "a `#[{name}]` method is called by the kernel and can't be `unsafe`: take the word out"
        );
        diagnostics.at(token, message);
    }
    Call {
        method: signature.ident.clone(),
        name: fragment::name(&signature.ident),
        is_async: signature.asyncness.is_some(),
    }
}

fn has_type_parameters(signature: &Signature) -> bool {
    let mut parameters = signature.generics.params.iter();
    parameters.any(|parameter| !matches!(parameter, GenericParam::Lifetime(_)))
}

/// Checks `&self`, which every method except `#[init]` takes.
pub(crate) fn check_shared(mark: Mark, signature: &Signature, diagnostics: &mut Diagnostics) {
    let (name, example) = (mark.name(), mark.example());
    let Some(receiver) = signature.receiver() else {
        let message = format!("a `#[{name}]` method takes `&self` first: write `{example}`");
        return diagnostics.at(&signature.ident, message);
    };
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => {}
        ReceiverKind::Reference(_, _, Some(_)) => diagnostics.at(tokens(receiver), EXCLUSIVE),
        ReceiverKind::Typed(_, ty) => check_typed(mark, ty, receiver, diagnostics),
        _ => diagnostics.at(
            tokens(receiver),
            format!(
                "the kernel keeps the plugin, so a `#[{name}]` method can't take it: write \
                `&self`"
            ),
        ),
    }
}

const EXCLUSIVE: &str = "a plugin is shared by all its methods: take `&self`, and keep what \
    changes in an atomic or behind a `Mutex`";

/// Checks a typed receiver: `self: &Self` is `&self`; the kernel does not supply other types.
fn check_typed(mark: Mark, ty: &Type, receiver: &Receiver, diagnostics: &mut Diagnostics) {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => {}
        Type::Reference(_) => diagnostics.at(tokens(receiver), EXCLUSIVE),
        other => {
            let (name, text) = (mark.name(), parameter::text(other));
            diagnostics.at(
                tokens(receiver),
                format!(
                    "the kernel keeps the plugin and lends it, so a `#[{name}]` method can't take \
                        `{text}`: write `&self`, and put what tasks share into an `Arc` in a field"
                ),
            );
        }
    }
}

/// Checks that `#[init]` takes no `self`.
pub(crate) fn check_none(signature: &Signature, diagnostics: &mut Diagnostics) {
    if let Some(receiver) = signature.receiver() {
        let example = Mark::Init.example();
        let message =
            format!("`#[init]` builds the plugin, so there is no `self` yet: write `{example}`");
        diagnostics.at(tokens(receiver), message);
    }
}

fn tokens(receiver: &Receiver) -> proc_macro2::TokenStream {
    quote!(#receiver)
}
