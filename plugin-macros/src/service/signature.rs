//! The parts that the signature of a service's method must not have, each with what to write
//! instead.

use syn::{FnArg, Ident, Pat, PatType, ReceiverKind, ReturnType, Signature, Type};

use super::lifetime;
use crate::diagnostics::Diagnostics;
use crate::fragment;

/// Replaces `self: &Self` by `&self`, which is the same.
pub(super) fn plain(signature: &mut Signature) {
    let Some(FnArg::Receiver(receiver)) = signature.inputs.first_mut() else {
        return;
    };
    let ReceiverKind::Typed(_, ty) = &receiver.kind else {
        return;
    };
    if let Type::Reference(reference) = fragment::inner_type(ty)
        && reference.mutability.is_none()
        && fragment::text(&reference.elem) == "Self"
    {
        let (and, lifetime) = (reference.and_token, reference.lifetime.clone());
        receiver.kind = ReceiverKind::Reference(and, lifetime, None);
    }
}

/// Reports what prevents a method from being called through `dyn Trait`.
pub(super) fn check(signature: &Signature, diagnostics: &mut Diagnostics) {
    check_receiver(signature, diagnostics);
    check_generics(signature, diagnostics);
    check_qualifiers(signature, diagnostics);
    for argument in typed(signature) {
        check_impl(&argument.ty, diagnostics);
    }
    if let ReturnType::Type(_, output) = &signature.output {
        check_impl(output, diagnostics);
        if lifetime::borrows(output) {
            diagnostics.at(output, RETURNED_REFERENCE);
        }
    }
}

/// The names of the arguments after `&self`; patterns are reported.
pub(super) fn names(signature: &Signature, diagnostics: &mut Diagnostics) -> Vec<Ident> {
    typed(signature)
        .filter_map(|argument| name(argument, diagnostics))
        .collect()
}

fn name(argument: &PatType, diagnostics: &mut Diagnostics) -> Option<Ident> {
    match &*argument.pat {
        Pat::Ident(pat)
            if pat.by_ref.is_none() && pat.mutability.is_none() && pat.subpat.is_none() =>
        {
            Some(pat.ident.clone())
        }
        pattern => {
            diagnostics.at(pattern, "an argument of a service method is a plain name: write `name: Type` and take it apart in the body");
            None
        }
    }
}

fn typed(signature: &Signature) -> impl Iterator<Item = &PatType> {
    signature
        .inputs
        .iter()
        .filter_map(|argument| match argument {
            FnArg::Typed(argument) => Some(argument),
            FnArg::Receiver(_) => None,
        })
}

fn check_receiver(signature: &Signature, diagnostics: &mut Diagnostics) {
    let Some(receiver) = signature.receiver() else {
        let name = &signature.ident;
        let message = format!("`{name}` is called on a provider: begin its arguments with `&self`");
        return diagnostics.at(name, message);
    };
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => {}
        ReceiverKind::Reference(_, _, Some(_)) => diagnostics.at(receiver, EXCLUSIVE_SELF),
        _ => diagnostics.at(
            receiver,
            "a service is called through a handle, which keeps it: take `&self`",
        ),
    }
}

fn check_generics(signature: &Signature, diagnostics: &mut Diagnostics) {
    let generics = &signature.generics;
    if generics.lifetimes().next().is_some() {
        diagnostics.at(&generics.params, "a service method names no lifetimes: write `&` and `'_`, which all become that of the call");
    } else if !generics.params.is_empty() {
        diagnostics.at(&generics.params, "a service method can't be generic, since it is called through `dyn Trait`: name the type, or take a `Box<dyn …>`");
    }
    if let Some(clause) = &generics.where_clause {
        diagnostics.at(
            clause,
            "a service method takes no `where` clause: remove it",
        );
    }
}

fn check_qualifiers(signature: &Signature, diagnostics: &mut Diagnostics) {
    const PLAIN: &str = "a service method is a plain `fn` or `async fn`: remove this";
    if let syn::Safety::Unsafe(token) = &signature.safety {
        diagnostics.at(token, PLAIN);
    }
    if let Some(abi) = &signature.abi {
        diagnostics.at(abi, PLAIN);
    }
}

fn check_impl(ty: &Type, diagnostics: &mut Diagnostics) {
    for bounds in lifetime::opaque(ty) {
        diagnostics.at(bounds, IMPL_TRAIT);
    }
}

const EXCLUSIVE_SELF: &str = "a service is shared by its callers: take `&self` and keep what changes behind a lock or an atomic";

const RETURNED_REFERENCE: &str = "a service method returns owned values, since what it borrows from may be replaced: return a `String`, a `Vec` or an `Arc` instead";

const IMPL_TRAIT: &str = "a service is called through `dyn Trait`, which has no room for `impl Trait`: name the type, or write `Box<dyn …>`";
