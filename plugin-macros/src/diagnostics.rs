//! Collects all mistakes of one item, so that one compilation reports them all.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Collects mistakes, each at the user's tokens.
#[derive(Default)]
pub(crate) struct Diagnostics(Option<syn::Error>);

impl Diagnostics {
    /// Adds a mistake in some tokens, all of which are underlined.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Adds a mistake of the attribute as a whole, such as a missing option. `item` is the item
    /// below the attribute; it prevents rustc from blaming the macro.
    pub(crate) fn at_attribute(&mut self, item: &TokenStream, message: impl Display) {
        let attribute = Span::call_site();
        let users = item.clone().into_iter().next().map(|token| token.span());
        let span = users.map_or(attribute, |users| attribute.resolved_at(users));
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            None => self.0 = Some(error),
            Some(errors) => errors.combine(error),
        }
    }

    /// Adds all mistakes of another list.
    pub(crate) fn append(&mut self, other: Self) {
        if let Some(error) = other.0 {
            self.push(error);
        }
    }

    /// The value of a result; an error is added to the list.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Generates one `compile_error!` for each mistake.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.0
            .map(syn::Error::into_compile_error)
            .unwrap_or_default()
    }
}
