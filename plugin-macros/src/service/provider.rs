//! The output of `#[service]` for `impl Trait for Plugin`: each `async fn` gets the form that it
//! has in the trait.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Expr, ImplItem, ImplItemFn, ItemImpl, Path, Stmt, parse_quote};

use super::method::{boxed_body, boxed_signature};
use super::{MISPLACED, ServiceOptions, signature};
use crate::diagnostics::Diagnostics;

/// Expands an `impl` of a service trait.
pub(super) fn expand(
    mut item: ItemImpl,
    options: &ServiceOptions,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    if let Some(many) = &options.many {
        diagnostics.at(
            many,
            "how many plugins may provide a service is said once: write `many` above its trait",
        );
    }
    if let Some(remote) = &options.remote {
        diagnostics.at(
            remote,
            "whether a service can be called from another process is said once: write `remote` above its trait",
        );
    }
    if item.trait_.is_none() {
        diagnostics.at(&item.self_ty, MISPLACED);
        return item.into_token_stream();
    }
    for item in &mut item.items {
        if let ImplItem::Fn(function) = item {
            box_function(function, &options.krate, diagnostics);
        }
    }
    item.into_token_stream()
}

/// Boxes an `async fn`. If it has a mistake, it keeps the form in the trait and loses its body, so
/// that only the mistake is reported.
fn box_function(function: &mut ImplItemFn, krate: &Path, diagnostics: &mut Diagnostics) {
    if function.sig.asyncness.is_none() {
        return;
    }
    signature::plain(&mut function.sig);
    let mut own = Diagnostics::default();
    signature::check(&function.sig, &mut own);
    let body = if own.is_empty() {
        boxed_body(&function.sig, &function.block, krate)
    } else {
        function
            .attrs
            .push(parse_quote!(#[allow(warnings, reason = "the method is reported already")]));
        quote!(::std::unreachable!())
    };
    if function.sig.generics.params.is_empty() {
        function.sig = boxed_signature(&function.sig, krate);
        function.block.stmts = vec![Stmt::Expr(Expr::Verbatim(body), None)];
    }
    diagnostics.append(own);
}
