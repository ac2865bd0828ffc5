//! The elements of a descriptor's `responds`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path};

use super::calls::{associated, on_plugin};
use crate::krate;
use crate::plugin::respond::Respond;

pub(super) fn element(krate: &Path, respond: &Respond) -> TokenStream {
    let Respond {
        call,
        conditions,
        request,
        ..
    } = respond;
    let handler = &call.name;
    let there = krate::at(krate, request.span());
    // Whether it is a request, and not only an event, is checked where it is bound.
    let descriptor =
        quote_spanned!(request.span()=> #there::__private::event_descriptor::<#request>());
    let mode = if call.is_async { "Queued" } else { "Inline" };
    let mode = Ident::new(mode, call.method.span());
    let timeout = respond.timeout_millis.iter();
    let concurrency = respond.concurrency.iter();
    let bind = bind(krate, respond);
    quote! {
        #(#conditions)*
        #krate::Respond {
            handler: #handler,
            request: #descriptor,
            mode: #krate::Mode::#mode,
            options: #krate::RespondOptions::DEFAULT
                #(.timeout(::std::time::Duration::from_millis(#timeout)))*
                #(.concurrency(#concurrency))*,
            bind: #bind,
        }
    }
}

/// One call of `ResponderBinder`. If the type is not a request, rustc reports this at the type,
/// because the names here are local to the expansion.
fn bind(krate: &Path, respond: &Respond) -> TokenStream {
    let Respond { call, request, .. } = respond;
    let span = call.method.span();
    let there = krate::at(krate, span);
    let place = Span::call_site().located_at(request.span());
    if call.is_async {
        let called = on_plugin(call, &[quote!(&request)]);
        let answered = quote_spanned! {span=>
            #there::__private::answered::<#request, _>(async move { #called })
        };
        quote_spanned! {place=>
            |plugin, binder| {
                binder.spawned::<Self, #request>(plugin, |plugin, request| #answered)
            }
        }
    } else {
        let called = associated(call, &[quote!(plugin), quote!(request)]);
        let answer = quote_spanned! {span=>
            #there::__private::IntoAnswer::into_answer(#called)
        };
        quote_spanned! {place=>
            |plugin, binder| {
                binder.inline::<Self, #request>(plugin, |plugin, request| #answer)
            }
        }
    }
}
