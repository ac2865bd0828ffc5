//! The path of `plugin-core` in generated code.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Expr, Path, parse_quote};

use crate::attribute::{Arguments, Value};
use crate::diagnostics::Diagnostics;

/// `crate = path` of an attribute, else `::plugin_core`.
pub(crate) fn path(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Path {
    let Some(argument) = arguments.take("crate") else {
        return parse_quote!(::plugin_core);
    };
    match argument.value {
        Value::Expr(Expr::Path(path)) if path.qself.is_none() => path.path,
        _ => {
            arguments.malformed(&argument, diagnostics);
            parse_quote!(::plugin_core)
        }
    }
}

/// The path at a place of the user's: what rustc says of a call through it points there.
pub(crate) fn at(krate: &Path, span: Span) -> TokenStream {
    let tokens = krate.to_token_stream().into_iter();
    let moved = tokens.map(|mut token| {
        token.set_span(span);
        token
    });
    moved.collect()
}
