//! The code that `#[service(remote)]` adds: a client, whose methods are called in another process, and
//! a function that calls a provider on behalf of another process.
//!
//! Generated code that mentions the type of an argument or of a result has the span of that type, so
//! that rustc reports a type that can't cross at that place.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, GenericArgument, Ident, Path, PathArguments, ReturnType, Signature, Type};

use super::Service;
use super::lifetime;
use super::method::{ServiceMethod, boxed_signature};
use crate::diagnostics::Diagnostics;
use crate::fragment;

/// How a method takes an argument.
enum Form {
    /// `T`.
    Value,
    /// `&T`.
    Reference,
    /// `Option<&T>`.
    Option,
}

/// An argument: how it is taken, and the type that crosses.
fn form(ty: &Type) -> (Form, &Type) {
    match fragment::inner_type(ty) {
        Type::Reference(reference) => (Form::Reference, &reference.elem),
        Type::Path(path) => match option(&path.path).map(fragment::inner_type) {
            Some(Type::Reference(reference)) => (Form::Option, &reference.elem),
            _ => (Form::Value, ty),
        },
        _ => (Form::Value, ty),
    }
}

/// The `T` of `Option<T>`.
fn option(path: &Path) -> Option<&Type> {
    let last = path.segments.last()?;
    let PathArguments::AngleBracketed(brackets) = &last.arguments else {
        return None;
    };
    match brackets.args.first()? {
        GenericArgument::Type(ty) if fragment::name(&last.ident) == "Option" => Some(ty),
        _ => None,
    }
}

/// Reports what keeps a method from being called in another process.
pub(super) fn check(signature: &Signature, diagnostics: &mut Diagnostics) {
    if signature.asyncness.is_none() {
        let name = &signature.ident;
        let message = format!(
            "a method of a remote service waits for another process: write `async fn {name}`, or take `remote` from the `#[service]` of the trait"
        );
        diagnostics.at(name, message);
    }
    if matches!(signature.output, ReturnType::Default) {
        diagnostics.at(
            &signature.ident,
            "a call between two processes can fail: write `-> Result<()>`",
        );
    }
    for argument in &signature.inputs {
        if let FnArg::Typed(argument) = argument
            && lifetime::borrows(form(&argument.ty).1)
        {
            diagnostics.at(&argument.ty, "an argument of a remote service is owned by the other process: take `T`, `&T` or `Option<&T>`, where `T` borrows nothing");
        }
    }
}

/// The two ends of the calls between processes.
pub(super) fn expand(service: &Service) -> TokenStream {
    if service.options.remote.is_none() {
        return TokenStream::new();
    }
    let krate = &service.options.krate;
    let (ident, unsafety) = (&service.item.ident, &service.item.unsafety);
    let methods = || service.methods.iter().filter(|method| !method.broken);
    let called = methods().map(|method| called(method, service));
    let served = methods().map(|method| served(method, service));
    let [provider, call] = [local("provider"), local("call")];
    quote! {
        const _: () = {
            struct Client(::std::sync::Arc<dyn #krate::service::ServiceLink>);

            #[allow(
                deprecated,
                clippy::used_underscore_binding,
                reason = "a client has every method of its service, with its names"
            )]
            #unsafety impl #ident for Client { #(#called)* }

            #[allow(
                deprecated,
                clippy::used_underscore_binding,
                reason = "every method of the service is called, with its names"
            )]
            impl #krate::service::RemoteTrait for dyn #ident {
                fn client(
                    link: ::std::sync::Arc<dyn #krate::service::ServiceLink>,
                ) -> ::std::sync::Arc<Self> {
                    ::std::sync::Arc::new(Client(link))
                }

                fn serve(
                    #provider: #krate::service::Service<Self>,
                    #call: #krate::service::ServiceCall,
                ) -> #krate::service::ServedCall {
                    match #call.method() {
                        #(#served)*
                        _ => #call.unknown(),
                    }
                }
            }
        };
    }
}

/// A name that no argument of the user's has, whatever it is called.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A method of the client.
fn called(method: &ServiceMethod, service: &Service) -> TokenStream {
    let krate = &service.options.krate;
    let (cfgs, name) = (method.cfgs(), method.name());
    let (ident, text) = (&service.item.ident, fragment::name(name));
    let this = method.signature.receiver().map(|this| this.self_token);
    let signature = boxed_signature(&method.signature, krate);
    let arguments = arguments(method).map(|(name, ty)| {
        let (form, ty) = form(ty);
        let at = Span::mixed_site().located_at(ty.span());
        let argument = quote_spanned!(at=> <#ty as #krate::service::RemoteArgument>);
        match form {
            Form::Value => quote!(#argument::write(&#name)),
            Form::Reference => quote!(#argument::write(#name)),
            Form::Option => quote!(#argument::write_option(#name)),
        }
    });
    let outcome = outcome(method, krate);
    let at = Span::mixed_site().located_at(name.span());
    let body = quote_spanned! {at=>
        #outcome::call(
            &#this.0,
            (<dyn #ident as #krate::service::ServiceTrait>::DESCRIPTOR, #text),
            [#(#arguments),*],
        )
    };
    quote!(#(#cfgs)* #signature { #body })
}

/// The match arm that calls a method on behalf of another process.
fn served(method: &ServiceMethod, service: &Service) -> TokenStream {
    let krate = &service.options.krate;
    let (cfgs, name) = (method.cfgs(), method.name());
    let (ident, text) = (&service.item.ident, fragment::name(name));
    let [provider, call, all] = [local("provider"), local("call"), local("arguments")];
    let reads = arguments(method).map(|(name, ty)| {
        let (form, ty) = form(ty);
        let at = Span::mixed_site().located_at(ty.span());
        let argument = quote_spanned!(at=> <#ty as #krate::service::RemoteArgument>);
        match form {
            Form::Option => quote!(let #name = #argument::read_option(#all)?;),
            Form::Value | Form::Reference => quote!(let #name = #argument::read(#all)?;),
        }
    });
    let lent = arguments(method).map(|(name, ty)| match form(ty) {
        (Form::Value, _) => name.to_token_stream(),
        (Form::Reference, ty) => quote!(::std::borrow::Borrow::<#ty>::borrow(&#name)),
        (Form::Option, ty) => {
            quote!(::std::option::Option::map(#name.as_ref(), ::std::borrow::Borrow::<#ty>::borrow))
        }
    });
    let outcome = outcome(method, krate);
    let at = Span::mixed_site().located_at(name.span());
    quote_spanned! {at=>
        #(#cfgs)*
        #text => #outcome::answer(#call, move |#all| {
            #(#reads)*
            ::std::result::Result::Ok(async move {
                <#krate::service::Service<dyn #ident> as #ident>::#name(&#provider #(, #lent)*).await
            })
        }),
    }
}

/// The arguments after `&self`.
fn arguments(method: &ServiceMethod) -> impl Iterator<Item = (&Ident, &Type)> {
    let typed = method
        .signature
        .inputs
        .iter()
        .filter_map(|argument| match argument {
            FnArg::Typed(argument) => Some(&*argument.ty),
            FnArg::Receiver(_) => None,
        });
    method.arguments.iter().zip(typed)
}

/// The type that a method returns, as one that crosses.
fn outcome(method: &ServiceMethod, krate: &Path) -> TokenStream {
    match &method.signature.output {
        // It is reported already.
        ReturnType::Default => quote!(<() as #krate::service::RemoteOutcome>),
        ReturnType::Type(_, ty) => {
            let at = Span::mixed_site().located_at(ty.span());
            quote_spanned!(at=> <#ty as #krate::service::RemoteOutcome>)
        }
    }
}
