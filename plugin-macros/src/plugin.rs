//! `#[plugin(…)]`: block → model → expand.

mod block;
mod duration;
mod expand;
mod hook;
mod intercept;
mod mark;
mod model;
mod options;
mod parameter;
mod receiver;
mod respond;
mod schedule;
mod snapshot;
mod subscription;
mod version;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diagnostics::Diagnostics;
use block::Block;
use model::Plugin;
use options::Options;

pub(crate) fn plugin(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = Options::parse(arguments, item, &mut diagnostics);
    let Some(block) = block::parse(item, &mut diagnostics) else {
        let errors = diagnostics.into_compile_errors();
        return quote!(#item #errors);
    };
    let generated = generate(options, &block, &mut diagnostics);
    let errors = diagnostics.into_compile_errors();
    quote!(#block #generated #errors)
}

/// The implementation of `Plugin`; after a mistake, one that replaces it.
fn generate(options: Options, block: &Block, diagnostics: &mut Diagnostics) -> TokenStream {
    let krate = options.krate.clone();
    match Plugin::check(options, block, diagnostics) {
        Some(plugin) if diagnostics.is_empty() => expand::expand(&plugin),
        _ if block.is_concrete() => expand::stand_in(&krate, &block.ty),
        _ => TokenStream::new(),
    }
}
