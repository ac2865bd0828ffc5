//! `compose!`: parse → check → expand. A `const fn` of plugin-core does the proof.

mod check;
mod entry;
mod expand;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Meta, Path, Token, parse_quote};

use crate::diagnostics::Diagnostics;
use crate::krate;
use entry::Entry;

/// The set, as it is written.
struct Set {
    krate: Path,
    /// Whether the set contains all plugins of the binary.
    strict: bool,
    entries: Vec<Entry>,
}

/// Expands `compose! { entries }`.
pub(crate) fn compose(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let mut set = Set {
        krate: parse_quote!(::plugin_core),
        strict: false,
        entries: Vec::new(),
    };
    let whole = input.clone();
    let parsed =
        (|input: ParseStream<'_>| set.parse(input, &whole, &mut diagnostics)).parse2(input);
    diagnostics.take(parsed);
    check::check(&set.entries, &mut diagnostics);
    if !diagnostics.is_empty() {
        // An empty set is used instead, so that neither the plan nor the users of the static report
        // further errors.
        set.entries.clear();
    }
    let composition = expand::expand(&set);
    let errors = diagnostics.into_compile_errors();
    quote!(#composition #errors)
}

impl Set {
    fn parse(
        &mut self,
        input: ParseStream<'_>,
        whole: &TokenStream,
        diagnostics: &mut Diagnostics,
    ) -> syn::Result<()> {
        if input.peek(Token![#]) && input.peek2(Token![!]) {
            self.attributes(input, diagnostics)?;
        }
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            self.krate = input.call(Path::parse_mod_style)?;
            entry::end(input)?;
        } else {
            let remedy = |name: &str| format!("crate = {name},");
            self.krate = krate::unnamed(whole, remedy, diagnostics);
        }
        while !input.is_empty() {
            match entry::parse(input) {
                Ok(entry) => self.entries.push(entry),
                Err(error) => {
                    diagnostics.push(error);
                    skip_to_entry(input)?;
                }
            }
        }
        Ok(())
    }
}

impl Set {
    /// Reads `#![strict]`.
    fn attributes(
        &mut self,
        input: ParseStream<'_>,
        diagnostics: &mut Diagnostics,
    ) -> syn::Result<()> {
        for attribute in input.call(Attribute::parse_inner)? {
            if matches!(&attribute.meta, Meta::Path(path) if path.is_ident("strict")) {
                self.strict = true;
            } else {
                diagnostics.at(
                    &attribute.meta,
                    "the one attribute of `compose!` is `#![strict]`, with which each plugin of \
                        the binary has to be named: write that, or take this out",
                );
            }
        }
        Ok(())
    }
}

/// Skips the rest of an entry that could not be read.
fn skip_to_entry(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
