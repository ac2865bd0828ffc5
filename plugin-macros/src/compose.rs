//! `compose!`.

use proc_macro2::TokenStream;

pub(crate) fn compose(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}
