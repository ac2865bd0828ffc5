//! The `impl` block as written. Bodies stay raw tokens, so rustc reports incomplete code in them.
//! The attributes of this crate are separated, so that the block can be emitted without them.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, FnArg, Generics, ImplItem, Item, Path, ReceiverKind, Signature, Token, Type,
    Visibility, token,
};

use super::mark::{Mark, Marked};
use crate::diagnostics::Diagnostics;
use crate::{conditions, fragment};

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

/// A part of the block.
pub(crate) enum Member {
    Method(Box<Method>),
    Other(Vec<Attribute>, TokenStream),
}

/// A method. `marks` are the attributes of this crate.
pub(crate) struct Method {
    pub(crate) marks: Vec<Marked>,
    pub(crate) attributes: Vec<Attribute>,
    visibility: Visibility,
    pub(crate) signature: Signature,
    body: TokenTree,
}

/// Reads the block. If the item is not a block, reports that and returns `None`.
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

    /// Whether an implementation of `Plugin` for the type can be added to the block.
    pub(crate) fn is_concrete(&self) -> bool {
        let borrows = fragment::text(&self.ty)
            .replace("'static", "")
            .contains('\'');
        self.generics.params.is_empty() && matches!(self.ty, Type::Path(_)) && !borrows
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
        return Ok((Some(of_trait), input.parse().map(fragment::bare_type)?));
    }
    Ok((None, input.parse().map(fragment::bare_type)?))
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
            signature: signature(input)?,
            body: body(input)?,
        };
        for attribute in attributes {
            method.attribute(attribute);
        }
        Ok(method)
    }

    /// Separates an attribute if it belongs to this crate, including one inside of a `#[cfg_attr]`.
    fn attribute(&mut self, attribute: Attribute) {
        if let Some(mark) = Mark::of(&attribute) {
            return self.marks.push(Marked::always(mark, attribute));
        }
        let behind = conditions::unfold(&attribute).unwrap_or_default();
        if !behind.iter().any(|one| Mark::of(&one.attribute).is_some()) {
            return self.attributes.push(attribute);
        }
        for one in behind {
            match Mark::of(&one.attribute) {
                Some(mark) => self.marks.push(Marked::behind(mark, one)),
                None => self.attributes.extend(one.again()),
            }
        }
    }
}

/// The part between the braces, for which a fragment of `macro_rules!` may stand.
fn body(input: ParseStream<'_>) -> syn::Result<TokenTree> {
    let body = input.parse::<TokenTree>()?;
    match &body {
        TokenTree::Group(group)
            if matches!(group.delimiter(), Delimiter::Brace | Delimiter::None) =>
        {
            Ok(body)
        }
        other => Err(syn::Error::new(other.span(), "expected curly braces")),
    }
}

/// A signature in which each type is without invisible groups.
fn signature(input: ParseStream<'_>) -> syn::Result<Signature> {
    let mut signature: Signature = input.parse()?;
    for input in &mut signature.inputs {
        let ty = match input {
            FnArg::Typed(parameter) => &mut parameter.ty,
            FnArg::Receiver(receiver) => match &mut receiver.kind {
                ReceiverKind::Typed(_, ty) => ty,
                _ => continue,
            },
        };
        **ty = fragment::bare_type(Type::clone(ty));
    }
    Ok(signature)
}

/// The attribute of this crate that an attribute is or contains in a `#[cfg_attr]`.
pub(crate) fn ours(attribute: &Attribute) -> Option<Attribute> {
    if Mark::of(attribute).is_some() {
        return Some(attribute.clone());
    }
    let behind = conditions::unfold(attribute)?.into_iter();
    let mut ours = behind.filter(|one| Mark::of(&one.attribute).is_some());
    ours.next().map(|one| one.attribute)
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
                    .filter(|attribute| ours(attribute).is_none());
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
        // The attributes with which the user expects or allows lints come later, so they apply.
        tokens.extend(quote!(#expected #(#attributes)* #visibility #signature #body));
    }
}
