//! The lifetimes in a type: finds the elided ones, and replaces them by the lifetime of the call.
//!
//! Types inside `fn(…)` and `Fn(…)` have lifetimes of their own and are not changed. Lifetimes that
//! a path hides (`Row` for `Row<'_>`) are not changed either, because the tokens do not show them.

use proc_macro2::Span;
use syn::{GenericArgument, Lifetime, Path, PathArguments, Type, TypeParamBound};
use syn::{TypeImplTrait, TypeReference};

/// A part of a type that matters for a method of a service.
enum Part<'a> {
    /// `&T` or `&'a T`.
    Reference(&'a mut TypeReference),
    /// `'a` in the generic arguments of a path, or in a bound.
    Lifetime(&'a mut Lifetime),
    /// `impl Trait`.
    Impl(&'a TypeImplTrait),
}

/// The lifetime of a call, with the user's span for messages.
pub(super) fn call(at: Span) -> Lifetime {
    Lifetime::new("'call", Span::mixed_site().located_at(at))
}

/// Gives every elided lifetime in a type the name `'call`.
pub(super) fn name_elided(ty: &mut Type) {
    walk(ty, &mut |part| match part {
        Part::Reference(reference) if is_elided(reference.lifetime.as_ref()) => {
            reference.lifetime = Some(call(reference.and_token.span));
        }
        Part::Lifetime(lifetime) if lifetime.ident == "_" => *lifetime = call(lifetime.span()),
        Part::Reference(_) | Part::Lifetime(_) | Part::Impl(_) => {}
    });
}

/// Whether a return type borrows from something that isn't `'static`.
pub(super) fn borrows(output: &Type) -> bool {
    let mut borrows = false;
    walk(&mut output.clone(), &mut |part| {
        borrows |= match part {
            Part::Reference(reference) => !reference.lifetime.as_ref().is_some_and(is_static),
            Part::Lifetime(lifetime) => !is_static(lifetime),
            Part::Impl(_) => false,
        };
    });
    borrows
}

/// Every `impl Trait` in a type.
pub(super) fn opaque(ty: &Type) -> Vec<TypeImplTrait> {
    let mut found = Vec::new();
    walk(&mut ty.clone(), &mut |part| {
        if let Part::Impl(bounds) = part {
            found.push(bounds.clone());
        }
    });
    found
}

/// Calls `visit` with each part of a type.
fn walk(ty: &mut Type, visit: &mut dyn FnMut(Part<'_>)) {
    match ty {
        Type::Array(array) => walk(&mut array.elem, visit),
        Type::Group(group) => walk(&mut group.elem, visit),
        Type::Paren(paren) => walk(&mut paren.elem, visit),
        Type::Path(path) => walk_path(&mut path.path, visit),
        Type::Ptr(pointer) => walk(&mut pointer.elem, visit),
        Type::Slice(slice) => walk(&mut slice.elem, visit),
        Type::Reference(reference) => {
            walk(&mut reference.elem, visit);
            visit(Part::Reference(reference));
        }
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(|elem| walk(elem, visit)),
        Type::TraitObject(object) => walk_bounds(&mut object.bounds, visit),
        Type::ImplTrait(bounds) => visit(Part::Impl(bounds)),
        _ => {}
    }
}

fn walk_path(path: &mut Path, visit: &mut dyn FnMut(Part<'_>)) {
    for segment in &mut path.segments {
        let PathArguments::AngleBracketed(brackets) = &mut segment.arguments else {
            continue;
        };
        for argument in &mut brackets.args {
            match argument {
                GenericArgument::Lifetime(lifetime) => visit(Part::Lifetime(lifetime)),
                GenericArgument::Type(ty) => walk(ty, visit),
                GenericArgument::AssocType(assoc) => walk(&mut assoc.ty, visit),
                _ => {}
            }
        }
    }
}

fn walk_bounds<P>(
    bounds: &mut syn::punctuated::Punctuated<TypeParamBound, P>,
    visit: &mut dyn FnMut(Part<'_>),
) {
    for bound in bounds {
        match bound {
            TypeParamBound::Lifetime(lifetime) => visit(Part::Lifetime(lifetime)),
            TypeParamBound::Trait(bound) => walk_path(&mut bound.path, visit),
            _ => {}
        }
    }
}

fn is_elided(lifetime: Option<&Lifetime>) -> bool {
    lifetime.is_none_or(|lifetime| lifetime.ident == "_")
}

fn is_static(lifetime: &Lifetime) -> bool {
    lifetime.ident == "static"
}
