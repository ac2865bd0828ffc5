//! The output of `#[service]` for a trait: the trait, its descriptor, and its handle.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ReturnType;

use super::Service;
use super::lifetime;
use super::method::{ServiceMethod, boxed_body, boxed_signature};
use super::remote;
use crate::{doc, fragment};

/// Expands a service trait.
pub(super) fn expand(service: &Service) -> TokenStream {
    let declaration = declaration(service);
    if service.generic {
        return declaration;
    }
    let descriptor = descriptor(service);
    let handle = handle(service);
    let remote = remote::expand(service);
    quote!(#declaration #descriptor #handle #remote)
}

fn declaration(service: &Service) -> TokenStream {
    let syn::ItemTrait {
        attrs,
        vis,
        unsafety,
        ident,
        generics,
        supertraits,
        ..
    } = &service.item;
    let where_clause = &generics.where_clause;
    let methods = service
        .methods
        .iter()
        .map(|method| declared(method, service));
    quote! {
        #(#attrs)*
        #vis #unsafety trait #ident #generics: #supertraits #where_clause { #(#methods)* }
    }
}

fn declared(method: &ServiceMethod, service: &Service) -> TokenStream {
    if method.broken {
        return broken(method);
    }
    let krate = &service.options.krate;
    let (attributes, signature) = (&method.attributes, &method.signature);
    let (signature, body) = if method.is_async() {
        let body = method
            .body
            .as_ref()
            .map(|body| boxed_body(signature, body, krate));
        (
            boxed_signature(signature, krate),
            body.map(|body| quote!({ #body })),
        )
    } else {
        (
            signature.clone(),
            method.body.as_ref().map(|body| quote!(#body)),
        )
    };
    let body = body.unwrap_or_else(|| quote!(;));
    quote!(#(#attributes)* #signature #body)
}

/// A method with a mistake can still be called by name, but is not part of `dyn Trait`.
fn broken(method: &ServiceMethod) -> TokenStream {
    let mut signature = method.signature.clone();
    if let ReturnType::Type(_, output) = &signature.output
        && !lifetime::opaque(output).is_empty()
    {
        signature.output = ReturnType::Default;
    }
    signature
        .generics
        .make_where_clause()
        .predicates
        .push(syn::parse_quote!(Self: Sized));
    quote! {
        #[allow(warnings, reason = "the method is reported already")]
        #signature { ::std::unreachable!() }
    }
}

fn descriptor(service: &Service) -> TokenStream {
    let krate = &service.options.krate;
    let ident = &service.item.ident;
    let name = fragment::name(ident);
    let many = service.options.many.as_ref().map(|_| quote!(.many()));
    let remote =
        service.options.remote.as_ref().map(
            |_| quote!(.remote(const { &#krate::service::RemoteService::of::<dyn #ident>() })),
        );
    let description = doc::description(krate, &service.item.attrs);
    let methods = service.methods.iter().map(|method| {
        let (cfgs, name) = (method.cfgs(), fragment::name(method.name()));
        quote!(#(#cfgs)* #name)
    });
    quote! {
        impl #krate::service::DeclaredService for dyn #ident {
            const DESCRIPTOR: &'static #krate::service::ServiceDescriptor =
                &#krate::service::ServiceDescriptor::new(
                    #name,
                    ::std::module_path!(),
                    ::std::concat!(::std::module_path!(), "::", #name),
                )
                #many
                #remote
                .description(#description)
                .methods(&[#(#methods),*]);
        }

        const _: () = {
            #[#krate::__private::linkme::distributed_slice(#krate::registry::SERVICES)]
            #[linkme(crate = #krate::__private::linkme)]
            static ELEMENT: &#krate::service::ServiceDescriptor =
                <dyn #ident as #krate::service::ServiceTrait>::DESCRIPTOR;
        };
    }
}

/// The implementation of the trait for its handle: each call goes to the present provider.
fn handle(service: &Service) -> TokenStream {
    let krate = &service.options.krate;
    let ident = &service.item.ident;
    let unsafety = &service.item.unsafety;
    let methods = service
        .methods
        .iter()
        .filter(|method| !method.broken)
        .map(|method| forward(method, service));
    quote! {
        #[allow(
            deprecated,
            clippy::used_underscore_binding,
            reason = "a handle has every method of its service, with its names"
        )]
        #unsafety impl #ident for #krate::service::Service<dyn #ident> { #(#methods)* }
    }
}

fn forward(method: &ServiceMethod, service: &Service) -> TokenStream {
    let krate = &service.options.krate;
    let (cfgs, name) = (method.cfgs(), method.name());
    let (ident, arguments) = (&service.item.ident, &method.arguments);
    let this = method
        .signature
        .receiver()
        .map(|receiver| receiver.self_token);
    let at = Span::mixed_site().located_at(name.span());
    let call = quote_spanned!(at=> <dyn #ident as #ident>::#name(&*provider #(, #arguments)*));
    if method.is_async() {
        let signature = boxed_signature(&method.signature, krate);
        let body = quote_spanned!(at=> #krate::service::call_async(#this, |provider, _| #call));
        quote!(#(#cfgs)* #signature { #body })
    } else {
        let signature = &method.signature;
        let body = quote_spanned!(at=> #krate::service::call(#this, |provider| #call));
        quote!(#(#cfgs)* #signature { #body })
    }
}
