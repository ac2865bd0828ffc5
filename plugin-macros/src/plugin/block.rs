//! The `impl` block as it is written. Bodies stay raw tokens, so half-typed code in them is
//! rustc's to report; our attributes are set apart, so that the block can be emitted without them.

use proc_macro2::{Group, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Generics, ImplItem, Item, Path, Signature, Token, Type, Visibility, token};

use super::mark::Mark;
use crate::diagnostics::Diagnostics;

const WRONG_ITEM: &str = "`#[plugin]` goes above an `impl` block: write it above `impl Hello { … \
    }`, the block with `#[init]`";

/// An `impl` block.
pub(crate) struct Block {
    pub(crate) attributes: Vec<Attribute>,
    impl_token: Token![impl],
    pub(crate) generics: Generics,
    pub(crate) of_trait: Option<(Path, Token![for])>,
    pub(crate) ty: Type,
    pub(crate) members: Vec<Member>,
}

/// What is in the block.
pub(crate) enum Member {
    Method(Box<Method>),
    Other(Vec<Attribute>, TokenStream),
}

/// A method; `marks` are the attributes that are ours.
pub(crate) struct Method {
    pub(crate) marks: Vec<(Mark, Attribute)>,
    pub(crate) attributes: Vec<Attribute>,
    visibility: Visibility,
    pub(crate) signature: Signature,
    body: Group,
}

/// Reads the block. Another item is reported, and `None` is returned.
pub(crate) fn parse(item: &TokenStream, diagnostics: &mut Diagnostics) -> Option<Block> {
    match syn::parse2::<Block>(item.clone()) {
        Ok(block) => Some(block),
        Err(error) => {
            match syn::parse2::<Item>(item.clone()) {
                Ok(other) if !matches!(other, Item::Impl(_)) => {
                    diagnostics.at_attribute(item, WRONG_ITEM);
                }
                _ => diagnostics.push(error),
            }
            None
        }
    }
}

impl Block {
    pub(crate) fn methods(&self) -> impl Iterator<Item = &Method> {
        self.members.iter().filter_map(|member| match member {
            Member::Method(method) => Some(&**method),
            Member::Other(..) => None,
        })
    }

    /// Whether an implementation of `Plugin` for the type can stand beside the block.
    pub(crate) fn is_concrete(&self) -> bool {
        self.generics.params.is_empty() && matches!(self.ty, Type::Path(_))
    }
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let impl_token = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let (of_trait, ty) = subject(input)?;
        generics.where_clause = input.parse()?;
        let content;
        syn::braced!(content in input);
        let mut members = Vec::new();
        while !content.is_empty() {
            members.push(content.parse()?);
        }
        Ok(Self {
            attributes,
            impl_token,
            generics,
            of_trait,
            ty,
            members,
        })
    }
}

/// `Type`, or `Trait for Type`.
fn subject(input: ParseStream<'_>) -> syn::Result<(Option<(Path, Token![for])>, Type)> {
    let ahead = input.fork();
    if ahead.parse::<Path>().is_ok() && ahead.peek(Token![for]) {
        let of_trait = (input.parse()?, input.parse()?);
        return Ok((Some(of_trait), input.parse()?));
    }
    Ok((None, input.parse()?))
}

impl Parse for Member {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let ahead = input.fork();
        if ahead.parse::<Visibility>().is_ok() && ahead.parse::<Signature>().is_ok() {
            return Ok(Self::Method(Box::new(Method::after(attributes, input)?)));
        }
        let item: ImplItem = input.parse()?;
        Ok(Self::Other(attributes, item.into_token_stream()))
    }
}

impl Method {
    fn after(attributes: Vec<Attribute>, input: ParseStream<'_>) -> syn::Result<Self> {
        let mut method = Self {
            marks: Vec::new(),
            attributes: Vec::new(),
            visibility: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        };
        for attribute in attributes {
            match Mark::of(&attribute) {
                Some(mark) => method.marks.push((mark, attribute)),
                None => method.attributes.push(attribute),
            }
        }
        Ok(method)
    }
}

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attributes,
            impl_token,
            generics,
            ty,
            members,
            ..
        } = self;
        let of_trait = self
            .of_trait
            .iter()
            .map(|(path, token)| quote!(#path #token));
        let (parameters, _, condition) = generics.split_for_impl();
        tokens.extend(quote!(#(#attributes)* #impl_token #parameters #(#of_trait)* #ty #condition));
        token::Brace::default().surround(tokens, |tokens| tokens.extend(quote!(#(#members)*)));
    }
}

impl ToTokens for Member {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Method(method) => method.to_tokens(tokens),
            Self::Other(attributes, item) => {
                let kept = attributes
                    .iter()
                    .filter(|attribute| Mark::of(attribute).is_none());
                tokens.extend(quote!(#(#kept)* #item));
            }
        }
    }
}

impl ToTokens for Method {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attributes,
            visibility,
            signature,
            body,
            ..
        } = self;
        let expected = (!self.marks.is_empty()).then(|| {
            quote! {
                #[allow(
                    clippy::needless_pass_by_value,
                    clippy::unused_async,
                    clippy::unused_self,
                    reason = "the attribute gives the signature"
                )]
            }
        });
        tokens.extend(quote!(#(#attributes)* #expected #visibility #signature #body));
    }
}
