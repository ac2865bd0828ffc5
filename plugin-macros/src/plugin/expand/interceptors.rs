//! The elements of a descriptor's `interceptors`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path};

use super::calls::{associated, outcome};
use crate::krate;
use crate::plugin::intercept::{Interceptor, Stage, Topics};

pub(super) fn element(krate: &Path, interceptor: &Interceptor) -> TokenStream {
    let Interceptor {
        call,
        conditions,
        stage,
        stage_span,
        topics,
        priority,
        ..
    } = interceptor;
    let name = &call.name;
    let variant = Ident::new(stage.variant(), *stage_span);
    let topics = match (topics, &interceptor.event) {
        (_, Some(event)) => {
            let there = krate::at(krate, event.span());
            quote_spanned!(event.span()=> #there::__private::event_descriptor::<#event>().topic)
        }
        (Some(Topics::Pattern(pattern)), None) => pattern.to_token_stream(),
        (Some(Topics::Named(_)) | None, None) => quote!("**"),
    };
    let changes = changes(krate, interceptor);
    let priority = priority
        .as_ref()
        .map_or_else(|| quote!(0), ToTokens::to_token_stream);
    let bind = bind(krate, interceptor);
    quote! {
        #(#conditions)*
        #krate::Interceptor {
            name: #name,
            stage: #krate::Stage::#variant,
            topics: #topics,
            priority: #priority,
            changes: #changes,
            bind: |plugin, interceptors| #bind,
        }
    }
}

/// A use of a deprecated item at the place of the former attribute name, so that the compiler
/// prints a warning there.
pub(super) fn deprecation(interceptor: &Interceptor) -> Option<TokenStream> {
    let former = interceptor.former.as_ref()?;
    let conditions = &interceptor.conditions;
    Some(quote! {
        #(#conditions)*
        const _: fn() = {
            #[deprecated(note = "the attribute's name is `#[intercept(…)]` now: write that")]
            fn #former() {}
            #former
        };
    })
}

/// The type with which an interceptor may replace an event.
fn change(krate: &Path, interceptor: &Interceptor) -> TokenStream {
    match &interceptor.event {
        Some(event) => event.to_token_stream(),
        None => quote!(#krate::event::Patch),
    }
}

/// Whether it may change an event, according to its return type.
fn changes(krate: &Path, interceptor: &Interceptor) -> TokenStream {
    let Some(output) = &interceptor.output else {
        return quote!(false);
    };
    let change = change(krate, interceptor);
    let there = krate::at(krate, output.span());
    quote_spanned!(output.span()=> <#output as #there::__private::IntoChange<#change>>::CHANGES)
}

/// The result of a call in the stage `publish`.
fn changed(krate: &Path, interceptor: &Interceptor, called: &TokenStream) -> TokenStream {
    let change = change(krate, interceptor);
    let Some(output) = &interceptor.output else {
        let span = interceptor.call.method.span();
        let there = krate::at(krate, span);
        return quote_spanned!(span=> #there::__private::IntoChange::<#change>::into_change(#called));
    };
    let there = krate::at(krate, output.span());
    let into = quote_spanned! {output.span()=>
        <#output as #there::__private::IntoChange<#change>>::into_change
    };
    quote!(#into(#called))
}

/// One call of `Interceptors`.
fn bind(krate: &Path, interceptor: &Interceptor) -> TokenStream {
    let Interceptor {
        call,
        stage,
        topics,
        ..
    } = interceptor;
    let function = Ident::new(stage.word(), call.method.span());
    let taken = match stage {
        Stage::Publish => vec![quote!(event)],
        Stage::Deliver => vec![quote!(delivery)],
        Stage::Delivered => vec![quote!(delivery), quote!(delivered)],
    };
    let mut arguments = vec![quote!(plugin)];
    arguments.extend(taken.iter().cloned());
    let called = associated(call, &arguments);
    if let Some(event) = &interceptor.event {
        let outcome = changed(krate, interceptor, &called);
        let function = Ident::new("publish_typed", event.span());
        return quote! {
            interceptors.#function::<Self, #event>(plugin, |plugin, event| #outcome)
        };
    }
    let outcome = if *stage == Stage::Publish {
        changed(krate, interceptor, &called)
    } else {
        outcome(krate, call, &called)
    };
    let only = only(topics.as_ref());
    quote!({
        #only
        interceptors.#function::<Self>(plugin, |plugin, #(#taken),*| #outcome);
    })
}

/// Narrows the topics to those that the instance names.
fn only(topics: Option<&Topics>) -> Option<TokenStream> {
    match topics {
        Some(Topics::Named(named)) => Some(quote!(interceptors.only::<Self>(plugin, #named);)),
        Some(Topics::Pattern(_)) | None => None,
    }
}
