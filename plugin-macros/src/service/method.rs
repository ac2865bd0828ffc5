//! One method of a service: its signature for callers, and its body as a future.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, Block, FnArg, Ident, Path, ReceiverKind, ReturnType, Signature, Type};

use super::lifetime;
use crate::conditions;

/// A method of a service trait.
pub(super) struct ServiceMethod {
    pub(super) attributes: Vec<Attribute>,
    pub(super) signature: Signature,
    /// The names of the arguments after `&self`.
    pub(super) arguments: Vec<Ident>,
    pub(super) body: Option<Block>,
    /// It has a mistake: it is kept by name, but is not part of `dyn Trait`.
    pub(super) broken: bool,
}

impl ServiceMethod {
    pub(super) fn is_async(&self) -> bool {
        self.signature.asyncness.is_some()
    }

    pub(super) fn name(&self) -> &Ident {
        &self.signature.ident
    }

    /// The `#[cfg]`s, which all code that is generated for the method must repeat.
    pub(super) fn cfgs(&self) -> Vec<Attribute> {
        conditions::of(&self.attributes)
    }
}

/// The signature without `async`: with one lifetime for everything that is borrowed, and a boxed
/// future.
pub(super) fn boxed_signature(signature: &Signature, krate: &Path) -> Signature {
    let mut boxed = signature.clone();
    let call = lifetime::call(signature.ident.span());
    let output = output(signature);
    boxed.asyncness = None;
    boxed.generics = syn::parse_quote!(<#call>);
    boxed.inputs.iter_mut().for_each(name_argument);
    boxed.output = ReturnType::Type(
        syn::token::RArrow::default(),
        Box::new(Type::Verbatim(
            quote!(#krate::service::ServiceFuture<#call, #output>),
        )),
    );
    boxed
}

fn name_argument(argument: &mut FnArg) {
    match argument {
        FnArg::Typed(argument) => lifetime::name_elided(&mut argument.ty),
        FnArg::Receiver(receiver) => {
            if let ReceiverKind::Reference(and, name, exclusive) = &mut receiver.kind {
                *name = Some(lifetime::call(and.span));
                *exclusive = None;
            }
        }
    }
}

/// The body of an `async fn` as an expression of type `ServiceFuture`.
///
/// The tokens around the body have its span, so that an error about a future that isn't `Send` is
/// reported there. The unreachable `return` tells the compiler the type for `?` and for the last
/// expression.
pub(super) fn boxed_body(signature: &Signature, body: &Block, krate: &Path) -> TokenStream {
    let at = Span::mixed_site().located_at(body.brace_token.span.join());
    let output = output(signature);
    let statements = &body.stmts;
    quote_spanned! {at=>
        #krate::service::ServiceFuture::new(::std::boxed::Box::pin(async move {
            if let ::std::option::Option::Some(output) = ::std::option::Option::None::<#output> {
                return output;
            }
            #(#statements)*
        }))
    }
}

fn output(signature: &Signature) -> TokenStream {
    match &signature.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    }
}
