//! The elements of a descriptor's `subscriptions`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path, Type};

use super::calls::{associated, on_plugin, outcome, run, run_of};
use crate::krate;
use crate::plugin::model::{Listens, Serving, Shared, Subscription};

pub(super) fn element(krate: &Path, ty: &Type, subscription: &Subscription) -> TokenStream {
    let Subscription {
        call,
        conditions,
        listens,
        serving,
        shared,
        ..
    } = subscription;
    let handler = &call.name;
    let source = source(krate, listens);
    let mode = Ident::new(
        if call.is_async { "Queued" } else { "Inline" },
        call.method.span(),
    );
    let (options, sharing) = (options(krate, serving), sharing(krate, shared));
    let key = key(krate, subscription);
    let bind = bind(krate, ty, subscription);
    quote! {
        #(#conditions)*
        #krate::Subscription {
            handler: #handler,
            source: #source,
            mode: #krate::Mode::#mode,
            options: #options #sharing,
            bind: |plugin, binder| {
                #key
                #bind
            },
        }
    }
}

/// The need of durable handlers: one for all of them, unless each may be excluded by a condition.
pub(super) fn store(krate: &Path, subscriptions: &[Subscription]) -> Vec<TokenStream> {
    let durable = || subscriptions.iter().filter(|one| one.serving.durable);
    if durable().any(|one| one.conditions.is_empty()) {
        return vec![quote!(#krate::__private::EVENT_STORE)];
    }
    let need = |one: &Subscription| {
        let conditions = &one.conditions;
        quote!(#(#conditions)* #krate::__private::EVENT_STORE)
    };
    durable().map(need).collect()
}

fn source(krate: &Path, listens: &Listens) -> TokenStream {
    match listens {
        Listens::One(event) | Listens::Batch(event) => {
            let there = krate::at(krate, event.span());
            let descriptor =
                quote_spanned!(event.span()=> #there::__private::event_descriptor::<#event>());
            quote!(#krate::Source::Event(#descriptor))
        }
        Listens::Any(pattern) => quote!(#krate::Source::Pattern(#pattern)),
    }
}

fn options(krate: &Path, serving: &Serving) -> TokenStream {
    let priority = serving.priority.iter();
    let timeout = serving.timeout_millis.iter();
    let concurrency = serving.concurrency.iter();
    let queue = serving.queue.iter();
    let overflow = serving.overflow.iter();
    let batch = serving.batch.iter();
    let linger = serving.linger_millis;
    let retry = serving.retry.iter();
    let backoff = serving.backoff_millis.iter();
    let max_backoff = serving.max_backoff_millis.iter();
    let breaker = serving.breaker.iter();
    let open_for = serving.open_for_millis.iter();
    let durable = serving.durable.then(|| quote!(.durable()));
    quote! {
        #krate::SubscribeOptions::DEFAULT
            #(.priority(#priority))*
            #(.timeout(::std::time::Duration::from_millis(#timeout)))*
            #(.concurrency(#concurrency))*
            #(.queue(#queue))*
            #(.overflow(#krate::Overflow::#overflow))*
            #(.batch(#batch, ::std::time::Duration::from_millis(#linger)))*
            #(.retry(#retry))*
            #(.backoff(::std::time::Duration::from_millis(#backoff)))*
            #(.max_backoff(::std::time::Duration::from_millis(#max_backoff)))*
            #(.breaker(#breaker))*
            #(.open_for(::std::time::Duration::from_millis(#open_for)))*
            #durable
    }
}

fn sharing(krate: &Path, shared: &Shared) -> TokenStream {
    let group = shared.group.iter();
    let balance = shared.balance.iter();
    let keyed = shared.key.iter().map(|_| quote!(.keyed()));
    quote! {
        #(.group(#group))*
        #(.balance(#krate::Balance::#balance))*
        #(#keyed)*
    }
}

/// The call of the `Binder` that sets the key.
fn key(krate: &Path, subscription: &Subscription) -> Option<TokenStream> {
    let key = subscription.shared.key.as_ref()?;
    let there = krate::at(krate, key.span());
    // The name has the span of the expansion, wherever the key was written.
    let event = super::local("event");
    let key_of = quote_spanned!(key.span()=> #there::__private::key_of);
    let number = quote_spanned!(key.span()=> #key_of(#event, #key));
    Some(match &subscription.listens {
        Listens::One(event) | Listens::Batch(event) => {
            quote!(binder.key::<#event>(|event| #number);)
        }
        Listens::Any(_) => quote!(binder.key_any(|event| #number);),
    })
}

/// One call of the `Binder`.
fn bind(krate: &Path, ty: &Type, subscription: &Subscription) -> TokenStream {
    let filter = match &subscription.filter {
        Some(filter) => {
            let (there, event) = (krate::at(krate, filter.span()), super::local("event"));
            let admits = quote_spanned!(filter.span()=> #there::__private::admits);
            let admits = quote_spanned!(filter.span()=> #admits(#event, #filter));
            quote!(::std::option::Option::Some(|event| #admits))
        }
        None => quote!(::std::option::Option::None),
    };
    let is_async = subscription.call.is_async;
    match &subscription.listens {
        Listens::One(event) if is_async => {
            let call = queued(krate, (ty, event), subscription);
            bind_one(("queued", event), &quote!(, _), (filter, call))
        }
        Listens::One(event) => {
            let call = inline(krate, subscription);
            bind_one(("inline", event), &quote!(, _), (filter, call))
        }
        Listens::Batch(event) => {
            let call = batch(krate, subscription);
            bind_one(("batch", event), &quote!(, _), (filter, call))
        }
        Listens::Any(_) if is_async => {
            let call = queued_any(krate, subscription);
            quote!(binder.queued_any::<Self, _>(plugin, #filter, #call))
        }
        Listens::Any(_) => {
            let call = inline(krate, subscription);
            quote!(binder.inline_any::<Self>(plugin, #filter, #call))
        }
    }
}

fn bind_one(
    (function, event): (&str, &Type),
    inferred: &TokenStream,
    (filter, call): (TokenStream, TokenStream),
) -> TokenStream {
    let function = Ident::new(function, event.span());
    quote!(binder.#function::<Self, #event #inferred>(plugin, #filter, #call))
}

fn inline(krate: &Path, subscription: &Subscription) -> TokenStream {
    let called = associated(&subscription.call, &[quote!(plugin), quote!(event)]);
    let outcome = outcome(krate, &subscription.call, &called);
    quote!(|plugin, event| #outcome)
}

/// A function that borrows the plugin and the event for a call. A closure can't express that its
/// future borrows them.
fn queued(krate: &Path, (ty, event): (&Type, &Type), subscription: &Subscription) -> TokenStream {
    let call = &subscription.call;
    let (method, span) = (&call.method, call.method.span());
    let called = quote_spanned!(span=> <#ty>::#method(plugin, event).await);
    let handling = run_of(&ty.to_token_stream(), (krate, "handling"), call, &called);
    let state = super::state(krate, ty);
    let krate = krate::at(krate, span);
    quote_spanned! {span=> {
        fn call<'a>(
            plugin: &'a #ty,
            event: &'a #krate::event::Envelope<#event>,
        ) -> impl ::std::future::Future<Output = #krate::Result<()>> + ::std::marker::Send + use<'a>
        #state
        {
            #handling
        }
        call
    }}
}

fn batch(krate: &Path, subscription: &Subscription) -> TokenStream {
    let called = on_plugin(&subscription.call, &[quote!(events)]);
    let handled = run(krate, "handling_batch", &subscription.call, &called);
    quote!(|plugin, events| #handled)
}

fn queued_any(krate: &Path, subscription: &Subscription) -> TokenStream {
    let called = on_plugin(&subscription.call, &[quote!(&event.view())]);
    let handled = run(krate, "handling", &subscription.call, &called);
    quote!(|plugin, event| #handled)
}
