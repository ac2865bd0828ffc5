//! The attributes of `plugin-core`: parse, model, check, expand. The expansion can't fail.
//!
//! They are documented where `plugin-core` re-exports them. Invariants: all mistakes of one item
//! are reported at once, each at the user's tokens; after a mistake the item is still emitted, so
//! that there are no consequential errors; the generated code is small and calls functions of
//! `plugin-core`.

#![forbid(unsafe_code)]

mod attribute;
mod conditions;
mod diagnostics;
mod doc;
mod fragment;
mod krate;
mod suggestion;
mod topic;

mod compose;
mod event;
mod plugin;
mod service;

use proc_macro::TokenStream;

/// See `plugin_core::plugin`.
#[proc_macro_attribute]
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    plugin::plugin(arguments.into(), &item.into()).into()
}

/// See `plugin_core::event`.
#[proc_macro_attribute]
pub fn event(arguments: TokenStream, item: TokenStream) -> TokenStream {
    event::event(arguments.into(), &item.into()).into()
}

/// See `plugin_core::service`.
#[proc_macro_attribute]
pub fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    service::service(arguments.into(), item.into()).into()
}

/// See `plugin_core::compose`.
#[proc_macro]
pub fn compose(input: TokenStream) -> TokenStream {
    compose::compose(input.into()).into()
}
