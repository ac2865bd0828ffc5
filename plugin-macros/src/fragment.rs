//! Fragments of `macro_rules!`: `$ty:ty`, `$path:path` and others arrive in an invisible group,
//! through which a type or an expression has to be examined.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Expr, Type};

/// The type without its invisible groups, for a place where no neighbouring token could bind to it.
pub(crate) fn bare_type(mut ty: Type) -> Type {
    loop {
        ty = match ty {
            Type::Group(group) => *group.elem,
            Type::Paren(paren) => *paren.elem,
            other => return other,
        };
    }
}

/// The type within its invisible groups, in its original place.
pub(crate) fn inner_type(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            other => return other,
        };
    }
}

/// The expression without its invisible groups, for a place without neighbouring tokens.
pub(crate) fn bare_expr(mut expr: Expr) -> Expr {
    while let Expr::Group(group) = expr {
        expr = *group.expr;
    }
    expr
}

/// The expression within its invisible groups, in its original place.
pub(crate) fn inner_expr(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Group(group) => &group.expr,
            Expr::Paren(paren) => &paren.expr,
            other => return other,
        };
    }
}

/// Tokens as text for a message or a name: without invisible groups, and with plain names, such as
/// `move` for `r#move`.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    let mut plain = TokenStream::new();
    flatten(tokens.to_token_stream(), &mut plain);
    plain
        .to_string()
        .replace(" :: ", "::")
        .replace(":: ", "::")
        .replace(" ::", "::")
        .replace(" < ", "<")
        .replace("< ", "<")
        .replace(" >", ">")
        .replace(" ,", ",")
        .replace("& ", "&")
        .replace("r#", "")
}

fn flatten(tokens: TokenStream, plain: &mut TokenStream) {
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                flatten(group.stream(), plain);
            }
            TokenTree::Group(group) => {
                let mut inner = TokenStream::new();
                flatten(group.stream(), &mut inner);
                let group = proc_macro2::Group::new(group.delimiter(), inner);
                plain.extend([TokenTree::Group(group)]);
            }
            other => plain.extend([other]),
        }
    }
}

/// The plain name: `move` for `r#move`.
pub(crate) fn name(ident: &syn::Ident) -> String {
    ident.unraw().to_string()
}

#[cfg(test)]
mod tests {
    use super::{bare_type, text};
    use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
    use quote::quote;

    fn fragment(tokens: TokenStream) -> TokenStream {
        TokenTree::Group(Group::new(Delimiter::None, tokens)).into()
    }

    #[test]
    fn a_type_is_seen_through_the_group_of_a_fragment() {
        let event = fragment(quote!(&UserLogin));
        let ty = bare_type(syn::parse2(fragment(event)).unwrap());
        assert!(matches!(ty, syn::Type::Reference(_)));
    }

    #[test]
    fn text_has_neither_groups_nor_raw_names() {
        let inner = fragment(quote!(crate::r#mod::Made));
        assert_eq!(
            text(&quote!(&Envelope<#inner, u8>)),
            "&Envelope<crate::mod::Made, u8>"
        );
    }
}
