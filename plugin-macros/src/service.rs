//! `#[service]`: turns a trait into a service, and an `impl` of it into a provider.
//!
//! An `async fn` can't be called through `dyn Trait`, so both sides are rewritten to a `fn` that
//! returns a boxed future; nothing else is changed. An item with mistakes is still emitted, so that
//! code that uses it causes no consequential errors.

mod check;
mod declare;
mod lifetime;
mod method;
mod provider;
mod remote;
mod signature;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Ident, Item, ItemTrait, Path};

use crate::attribute::{Arguments, Grammar};
use crate::diagnostics::Diagnostics;
use crate::krate;

const GRAMMAR: Grammar = Grammar {
    unnamed: None,
    attribute: "#[service]",
    options: &[
        ("many", "#[service(many)]"),
        ("remote", "#[service(remote)]"),
        ("crate", "crate = path::to::plugin_core"),
    ],
};

const MISPLACED: &str =
    "`#[service]` goes above a `trait`, or above the `impl Trait for Plugin` of a provider";

/// The options in the parentheses.
struct ServiceOptions {
    /// The place of `many`.
    many: Option<Ident>,
    /// Where `remote` stands.
    remote: Option<Ident>,
    krate: Path,
}

/// A service trait for the expansion: parts with a mistake are left out or marked.
struct Service {
    item: ItemTrait,
    methods: Vec<method::ServiceMethod>,
    /// Generic traits can't be used as `dyn Trait`, so they are emitted without the
    /// implementations.
    generic: bool,
    options: ServiceOptions,
}

/// Expands `#[service(options)] item`.
pub(crate) fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = options(arguments, &item, &mut diagnostics);
    let item = match syn::parse2(item.clone()) {
        Ok(Item::Trait(item)) => declare::expand(&check::service(item, options, &mut diagnostics)),
        Ok(Item::Impl(item)) => provider::expand(item, &options, &mut diagnostics),
        Ok(other) => {
            diagnostics.at(head(&other), MISPLACED);
            item
        }
        Err(error) => {
            diagnostics.push(error);
            item
        }
    };
    let errors = diagnostics.into_compile_errors();
    quote!(#item #errors)
}

fn options(
    arguments: TokenStream,
    item: &TokenStream,
    diagnostics: &mut Diagnostics,
) -> ServiceOptions {
    let mut arguments = Arguments::parse(&GRAMMAR, arguments, diagnostics);
    let krate = krate::path(&mut arguments, item, diagnostics);
    for argument in &arguments.positional {
        let message = "`#[service]` takes no values: write `#[service]`, `#[service(many)]` or `#[service(remote)]`";
        diagnostics.at(argument, message);
    }
    let mut flag = |word| {
        let argument = arguments.take(word)?;
        if !argument.is_flag() {
            arguments.malformed(&argument, diagnostics);
        }
        Some(argument.name)
    };
    ServiceOptions {
        many: flag("many"),
        remote: flag("remote"),
        krate,
    }
}

/// The part of an item that a message underlines if the item can't be a service.
fn head(item: &Item) -> TokenStream {
    match item {
        Item::Struct(item) => item.ident.to_token_stream(),
        Item::Enum(item) => item.ident.to_token_stream(),
        Item::Fn(item) => item.sig.ident.to_token_stream(),
        Item::Mod(item) => item.ident.to_token_stream(),
        other => other.to_token_stream(),
    }
}
