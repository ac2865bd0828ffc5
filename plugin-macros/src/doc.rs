//! What a doc comment says in one line.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The first paragraph of a doc comment, on one line; empty if there is none.
pub(crate) fn summary(attributes: &[Attribute]) -> String {
    let text: Vec<String> = attributes.iter().filter_map(line).collect();
    let lines = text.iter().flat_map(|text| text.split('\n')).map(str::trim);
    lines
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else {
        return None;
    };
    match &meta.value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) if meta.path.is_ident("doc") => Some(text.value()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn the_first_paragraph_is_the_summary() {
        let item: syn::ItemStruct = syn::parse_quote! {
            /// Greets users
            /// who log in.
            ///
            /// More.
            struct Hello;
        };
        assert_eq!(summary(&item.attrs), "Greets users who log in.");
        assert_eq!(summary(&[]), "");
    }
}
