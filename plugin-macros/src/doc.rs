//! The one-line description from a doc comment.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Path};

use crate::fragment;

/// The first paragraph of a doc comment, as an expression; empty if there is none.
pub(crate) fn description(krate: &Path, attributes: &[Attribute]) -> TokenStream {
    let lines: Vec<&Expr> = attributes.iter().filter_map(line).collect();
    let literals: Option<Vec<String>> = lines.iter().map(|line| literal(line)).collect();
    match literals {
        Some(lines) => summary(&lines).to_token_stream(),
        None => expanded(krate, &lines),
    }
}

/// Like [`description`], for a comment with a line that is a macro such as `concat!(…)`, which
/// rustc has to expand.
fn expanded(krate: &Path, lines: &[&Expr]) -> TokenStream {
    quote! {
        {
            const DOC: &::std::primitive::str = ::std::concat!(#(#lines, "\n"),*);
            const SUMMARY: &[::std::primitive::u8] =
                &#krate::__private::summary::<{ #krate::__private::summary_len(DOC) }>(DOC);
            #krate::__private::text(SUMMARY)
        }
    }
}

/// The first paragraph, on one line.
fn summary(text: &[String]) -> String {
    let lines = text.iter().flat_map(|text| text.split('\n')).map(str::trim);
    lines
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn line(attribute: &Attribute) -> Option<&Expr> {
    let Meta::NameValue(meta) = &attribute.meta else {
        return None;
    };
    (meta.path.is_ident("doc")).then_some(&meta.value)
}

fn literal(line: &Expr) -> Option<String> {
    match fragment::inner_expr(line) {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::description;

    #[test]
    fn the_first_paragraph_is_the_summary() {
        let item: syn::ItemStruct = parse_quote! {
            /// Greets users
            /// who log in.
            ///
            /// More.
            struct Hello;
        };
        let of = |attributes: &[syn::Attribute]| {
            description(&parse_quote!(::plugin_core), attributes).to_string()
        };
        assert_eq!(of(&item.attrs), "\"Greets users who log in.\"");
        assert_eq!(of(&[]), "\"\"");
    }
}
