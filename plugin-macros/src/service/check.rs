//! Makes a model without mistakes from the tokens of a trait; the mistakes are added to the list.

use syn::{ItemTrait, TraitItem, TraitItemFn, TypeParamBound, parse_quote};

use super::method::ServiceMethod;
use super::{Service, ServiceOptions, remote, signature};
use crate::diagnostics::Diagnostics;
use crate::fragment;

/// Makes the model of a trait. Parts with a mistake are left out or marked as broken.
pub(super) fn service(
    mut item: ItemTrait,
    options: ServiceOptions,
    diagnostics: &mut Diagnostics,
) -> Service {
    let generic = check_generics(&item, diagnostics);
    supertraits(&mut item, diagnostics);
    let items = std::mem::take(&mut item.items);
    Service {
        methods: items
            .into_iter()
            .filter_map(|item| method(item, options.remote.is_some(), diagnostics))
            .collect(),
        item,
        generic,
        options,
    }
}

fn check_generics(item: &ItemTrait, diagnostics: &mut Diagnostics) -> bool {
    let generics = &item.generics;
    if !generics.params.is_empty() {
        diagnostics.at(&generics.params, "a service is found by its trait alone, which can't be generic: write one trait for each type");
    } else if let Some(clause) = &generics.where_clause {
        diagnostics.at(clause, "a service trait takes no `where` clause: remove it");
    }
    !generics.params.is_empty() || generics.where_clause.is_some()
}

/// Removes supertraits that a service can't have, and adds those that it must have.
fn supertraits(item: &mut ItemTrait, diagnostics: &mut Diagnostics) {
    item.colon_token.get_or_insert_default();
    let (own, foreign): (Vec<_>, Vec<_>) = std::mem::take(&mut item.supertraits)
        .into_iter()
        .partition(is_of_services);
    for bound in foreign {
        diagnostics.at(bound, "a service has no supertraits but `Send`, `Sync` and `'static`: put the methods into the service's own trait");
    }
    let required: [TypeParamBound; 3] = [
        parse_quote!(::std::marker::Send),
        parse_quote!(::std::marker::Sync),
        parse_quote!('static),
    ];
    let missing = required
        .into_iter()
        .filter(|bound| !own.iter().any(|own| word(own) == word(bound)));
    item.supertraits = own.iter().cloned().chain(missing).collect();
}

fn is_of_services(bound: &TypeParamBound) -> bool {
    matches!(word(bound).as_deref(), Some("Send" | "Sync" | "static"))
}

/// The last word of a bound.
fn word(bound: &TypeParamBound) -> Option<String> {
    match bound {
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .map(|last| last.ident.to_string()),
        TypeParamBound::Lifetime(lifetime) => Some(lifetime.ident.to_string()),
        _ => None,
    }
}

fn method(
    item: TraitItem,
    is_remote: bool,
    diagnostics: &mut Diagnostics,
) -> Option<ServiceMethod> {
    const METHODS_ONLY: &str = "a service trait holds methods only, since it is used as `dyn Trait`: take this out, or make it a method";
    match item {
        TraitItem::Fn(function) => return Some(checked(function, is_remote, diagnostics)),
        TraitItem::Const(item) => diagnostics.at(item.ident, METHODS_ONLY),
        TraitItem::Type(item) => diagnostics.at(item.ident, METHODS_ONLY),
        other => diagnostics.at(other, METHODS_ONLY),
    }
    None
}

fn checked(function: TraitItemFn, is_remote: bool, diagnostics: &mut Diagnostics) -> ServiceMethod {
    let mut function = function;
    signature::plain(&mut function.sig);
    let mut own = Diagnostics::default();
    signature::check(&function.sig, &mut own);
    if is_remote {
        remote::check(&function.sig, &mut own);
    }
    let arguments = signature::names(&function.sig, &mut own);
    if fragment::name(&function.sig.ident) == "provider" {
        own.at(
            &function.sig.ident,
            "the handle of a service has a method `provider` of its own: choose another name",
        );
    }
    let broken = !own.is_empty();
    diagnostics.append(own);
    ServiceMethod {
        attributes: function.attrs,
        signature: function.sig,
        arguments,
        body: function.default,
        broken,
    }
}
