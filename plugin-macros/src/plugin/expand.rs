//! Generates the implementation of `Plugin` and the element of the registry. The generated code is
//! small and calls ordinary functions of `plugin-core`. This can't fail.
//!
//! Code that refers to the user's types has the user's spans, so that rustc's type errors point
//! there.

mod calls;
mod hooks;
mod interceptors;
mod responds;
mod schedules;
mod subscriptions;

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path, Type};

use super::model::{Exclusive, Plugin};
use super::options::{Options, Provides, Requires};
use crate::krate;

pub(crate) fn expand(plugin: &Plugin) -> TokenStream {
    let implementation = implementation(plugin);
    let element = element(plugin);
    let assertions = plugin
        .options
        .requires
        .iter()
        .map(|requires| assertion(plugin, requires));
    let crons = plugin
        .schedules
        .iter()
        .filter_map(|one| schedules::assertion(&plugin.options.krate, one));
    let deprecations = plugin
        .interceptors
        .iter()
        .filter_map(interceptors::deprecation);
    let exclusive = plugin.exclusive.iter().map(exclusion);
    quote! {
        #implementation
        #(#exclusive)*
        const _: () = {
            #element
            #(#assertions)*
            #(#crons)*
            #(#deprecations)*
        };
    }
}

/// Reports two marks of one method in a build that has both.
fn exclusion(exclusive: &Exclusive) -> TokenStream {
    let Exclusive {
        predicates: [first, second],
        message,
        at,
    } = exclusive;
    quote_spanned! {*at=>
        #[cfg(all(#first, #second))]
        ::std::compile_error! { #message }
    }
}

/// An implementation that replaces the one of a plugin with a mistake.
pub(crate) fn stand_in(krate: &Path, ty: &Type) -> TokenStream {
    quote! {
        impl #krate::Plugin for #ty {
            const NAME: &'static str = "";
            const VERSION: &'static str = "0.0.0";
            const DESCRIPTOR: &'static #krate::Descriptor = #krate::__private::STAND_IN;
        }
    }
}

fn implementation(plugin: &Plugin) -> TokenStream {
    let Plugin { options, ty, .. } = plugin;
    let (krate, name) = (&options.krate, &options.name);
    let version = version(options);
    let descriptor = descriptor(plugin);
    let state = state(krate, ty);
    quote! {
        #[automatically_derived]
        impl #krate::Plugin for #ty #state {
            const NAME: &'static str = #name;
            const VERSION: &'static str = #version;
            const DESCRIPTOR: &'static #krate::Descriptor = &#descriptor;
        }
    }
}

/// Assumes that the plugin's state is `Send` and `Sync`, so that an error about this is not
/// reported at each call of a method: [`element`] reports it. A bound without the lifetime would be
/// checked right here.
fn state(krate: &Path, ty: &Type) -> TokenStream {
    let there = krate::at(krate, ty.span());
    quote_spanned!(ty.span()=> where for<'state> #ty: #there::__private::PluginState)
}

fn descriptor(plugin: &Plugin) -> TokenStream {
    let Plugin {
        options,
        ty,
        description,
        ..
    } = plugin;
    let krate = &options.krate;
    let (name, version) = (&options.name, version(options));
    let type_text = super::parameter::text(ty);
    let hooks = hooks::hooks(plugin);
    let mut needs = needs(plugin);
    needs.extend(subscriptions::store(krate, &plugin.subscriptions));
    let kind = options.kind.iter();
    let provides = options
        .provides
        .iter()
        .map(|provides| provide(krate, provides));
    let requires = options
        .requires
        .iter()
        .map(|requires| requirement(krate, requires));
    let overlap = (options.overlap).then(|| quote!(.overlap()));
    let (after, conflicts) = (&options.after, &options.conflicts);
    let singleton = options.singleton.iter();
    let subscriptions = plugin
        .subscriptions
        .iter()
        .map(|one| subscriptions::element(krate, ty, one));
    let schedules = plugin
        .schedules
        .iter()
        .map(|one| schedules::element(krate, one));
    let responds = plugin
        .responds
        .iter()
        .map(|one| responds::element(krate, one));
    let interceptors = plugin
        .interceptors
        .iter()
        .map(|one| interceptors::element(krate, one));
    quote! {
        #krate::Descriptor::new(#name, #version, #hooks)
            .description(#description)
            #(.kind(#krate::Kind::#kind))*
            .type_name(::std::concat!(::std::module_path!(), "::", #type_text))
            .needs(const { &[#(#needs),*] })
            .provides(const { &[#(#provides),*] })
            .requires(const { &[#(#requires),*] })
            .after(&[#(#after),*])
            .conflicts(&[#(#conflicts),*])
            #(.singleton(#singleton))*
            #overlap
            .subscriptions(const { &[#(#subscriptions),*] })
            .schedules(const { &[#(#schedules),*] })
            .responds(const { &[#(#responds),*] })
            .interceptors(const { &[#(#interceptors),*] })
    }
}

fn version(options: &Options) -> TokenStream {
    match &options.version {
        Some(version) => version.to_token_stream(),
        None => quote!(::std::env!("CARGO_PKG_VERSION")),
    }
}

/// The needs of the parameters of `init`, followed by those that only parameters of `reload` have.
fn needs(plugin: &Plugin) -> Vec<TokenStream> {
    let krate = &plugin.options.krate;
    let reload = plugin.reload.iter().flat_map(|hook| &hook.parameters);
    let mut seen = HashSet::new();
    let mut is_new = |ty: &Type| seen.insert(super::parameter::text(ty));
    let types: Vec<&Type> = plugin
        .init
        .parameters
        .iter()
        .chain(reload)
        .filter(|ty| is_new(ty))
        .collect();
    let need = |ty: &&Type| {
        let there = krate::at(krate, ty.span());
        quote_spanned!(ty.span()=> <#ty as #there::init::InitParam>::NEED)
    };
    types.iter().map(need).collect()
}

fn provide(krate: &Path, provides: &Provides) -> TokenStream {
    let service = &provides.service;
    let priority = match &provides.priority {
        Some(priority) => priority.to_token_stream(),
        None => quote!(0),
    };
    let span = service.span();
    let service_type = quote_spanned!(span=> dyn #service);
    let there = krate::at(krate, span);
    let plugin = local("plugin");
    let provider = quote_spanned!(span=> #there::__private::provider::<Self>(#plugin));
    quote! {
        #krate::Provide {
            service: <#service_type as #krate::service::ServiceTrait>::DESCRIPTOR,
            priority: #priority,
            install: |plugin, installer| installer.install::<#service_type>(#provider),
        }
    }
}

/// A name that belongs to the expansion, wherever the surrounding code was written.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

fn requirement(krate: &Path, requires: &Requires) -> TokenStream {
    let Requires { ty, version } = requires;
    let there = krate::at(krate, ty.span());
    quote_spanned! {ty.span()=>
        #krate::Requirement { plugin: <#ty as #there::Plugin>::NAME, version: #version }
    }
}

/// Compares the other plugin's version with the requirement at compile time.
fn assertion(plugin: &Plugin, requires: &Requires) -> TokenStream {
    let (name, Requires { ty, version }) = (&plugin.options.name, requires);
    let there = krate::at(&plugin.options.krate, version.span());
    let of_other = krate::at(&plugin.options.krate, ty.span());
    let (other, its_version) = (
        quote_spanned!(ty.span()=> <#ty as #of_other::Plugin>::NAME),
        quote_spanned!(ty.span()=> <#ty as #of_other::Plugin>::VERSION),
    );
    quote_spanned! {version.span()=>
        const _: () = #there::__private::assert_met(#name, #other, #its_version, #version);
    }
}

fn element(plugin: &Plugin) -> TokenStream {
    let (krate, ty) = (&plugin.options.krate, &plugin.ty);
    let there = krate::at(krate, ty.span());
    let descriptor = quote_spanned!(ty.span()=> #there::__private::descriptor::<#ty>());
    quote! {
        #[#krate::__private::linkme::distributed_slice(#krate::registry::PLUGINS)]
        #[linkme(crate = #krate::__private::linkme)]
        static PLUGIN: &'static #krate::Descriptor =
            #descriptor;
    }
}
