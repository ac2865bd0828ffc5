//! `#[service]`.

use proc_macro2::TokenStream;

pub(crate) fn service(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    item
}
