//! `#[cfg]` and `#[cfg_attr]` inside of an item. An attribute above the item sees them as written,
//! so the code that it generates for a method repeats them.

use proc_macro2::{TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Meta, Token};

/// An attribute inside of a `#[cfg_attr]`, with its condition.
pub(crate) struct Behind {
    /// The predicate, as in `#[cfg(…)]`.
    pub(crate) predicate: TokenStream,
    pub(crate) attribute: Attribute,
}

impl Behind {
    /// The same attribute in a `#[cfg_attr]` of its own.
    pub(crate) fn again(&self) -> Option<Attribute> {
        let (predicate, meta) = (&self.predicate, &self.attribute.meta);
        one(quote_spanned!(meta.span()=> #[cfg_attr(#predicate, #meta)]))
    }

    /// `#[cfg(…)]` with its predicate.
    pub(crate) fn condition(&self) -> Option<Attribute> {
        let predicate = &self.predicate;
        one(quote_spanned!(predicate.span()=> #[cfg(#predicate)]))
    }
}

/// The attributes inside of a `#[cfg_attr]`, including nested ones; `None` for other attributes,
/// and for mistakes that rustc will report.
pub(crate) fn unfold(attribute: &Attribute) -> Option<Vec<Behind>> {
    if !attribute.path().is_ident("cfg_attr") {
        return None;
    }
    let (predicate, metas) = (|input: ParseStream<'_>| {
        let mut predicate = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            predicate.extend([input.parse::<TokenTree>()?]);
        }
        input.parse::<Option<Token![,]>>()?;
        let metas = Punctuated::<Meta, Token![,]>::parse_terminated(input)?;
        Ok((predicate, metas))
    })
    .parse2(attribute.meta.require_list().ok()?.tokens.clone())
    .ok()?;
    let mut behind = Vec::new();
    for meta in metas {
        let attribute = one(quote_spanned!(meta.span()=> #[#meta]))?;
        match unfold(&attribute) {
            Some(inner) => behind.extend(inner.into_iter().map(|inner| {
                let further = inner.predicate;
                let predicate = quote!(all(#predicate, #further));
                Behind {
                    predicate,
                    attribute: inner.attribute,
                }
            })),
            None => behind.push(Behind {
                predicate: predicate.clone(),
                attribute,
            }),
        }
    }
    Some(behind)
}

/// The attributes that decide whether an item exists: each `#[cfg]`, and each `#[cfg_attr]` that
/// contains one.
pub(crate) fn of(attributes: &[Attribute]) -> Vec<Attribute> {
    let mut conditions = Vec::new();
    for attribute in attributes {
        if attribute.path().is_ident("cfg") {
            conditions.push(attribute.clone());
        }
        for behind in unfold(attribute).into_iter().flatten() {
            if behind.attribute.path().is_ident("cfg") {
                conditions.extend(behind.again());
            }
        }
    }
    conditions
}

fn one(tokens: TokenStream) -> Option<Attribute> {
    let mut attributes = Attribute::parse_outer.parse2(tokens).ok()?;
    attributes.pop()
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;
    use syn::{Attribute, parse_quote};

    use super::{of, unfold};

    #[test]
    fn a_cfg_attr_is_unfolded_to_its_attributes() {
        let attribute: Attribute =
            parse_quote!(#[cfg_attr(unix, subscribe(retry = 2), cfg_attr(test, cfg(x), allow(y)))]);
        let unfolded: Vec<_> = (unfold(&attribute).unwrap().iter())
            .map(|one| {
                let attribute = one.attribute.to_token_stream();
                format!("{} {attribute}", one.predicate)
            })
            .collect();
        assert_eq!(
            unfolded,
            [
                "unix # [subscribe (retry = 2)]",
                "all (unix , test) # [cfg (x)]",
                "all (unix , test) # [allow (y)]",
            ]
        );
    }

    #[test]
    fn conditions_are_found_behind_a_cfg_attr() {
        let attributes: [Attribute; 3] = [
            parse_quote!(#[cfg(unix)]),
            parse_quote!(#[cfg_attr(test, cfg(x), allow(y))]),
            parse_quote!(#[cfg_attr(test, allow(y))]),
        ];
        let conditions: Vec<_> = (of(&attributes).iter())
            .map(|one| one.to_token_stream().to_string())
            .collect();
        assert_eq!(
            conditions,
            ["# [cfg (unix)]", "# [cfg_attr (test , cfg (x))]"]
        );
    }
}
