//! The elements of a descriptor's `middleware`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Ident, Path};

use super::calls::{associated, outcome};
use crate::plugin::middleware::{Middleware, Stage, Topics};

pub(super) fn element(krate: &Path, middleware: &Middleware) -> TokenStream {
    let Middleware {
        call,
        conditions,
        stage,
        stage_span,
        topics,
        priority,
    } = middleware;
    let name = &call.name;
    let variant = Ident::new(stage.variant(), *stage_span);
    let topics = match topics {
        Some(Topics::Pattern(pattern)) => pattern.to_token_stream(),
        Some(Topics::Named(_)) | None => quote!("**"),
    };
    let priority = priority
        .as_ref()
        .map_or_else(|| quote!(0), ToTokens::to_token_stream);
    let bind = bind(krate, middleware);
    quote! {
        #(#conditions)*
        #krate::Middleware {
            middleware: #name,
            stage: #krate::Stage::#variant,
            topics: #topics,
            priority: #priority,
            bind: |plugin, interceptors| #bind,
        }
    }
}

/// One call of `Interceptors`.
fn bind(krate: &Path, middleware: &Middleware) -> TokenStream {
    let Middleware {
        call,
        stage,
        topics,
        ..
    } = middleware;
    let function = Ident::new(stage.word(), call.method.span());
    let taken = match stage {
        Stage::Publish => vec![quote!(event)],
        Stage::Deliver => vec![quote!(delivery)],
        Stage::Delivered => vec![quote!(delivery), quote!(delivered)],
    };
    let mut arguments = vec![quote!(plugin)];
    arguments.extend(taken.iter().cloned());
    let outcome = outcome(krate, call, &associated(call, &arguments));
    let only = match topics {
        Some(Topics::Named(named)) => Some(quote!(interceptors.only::<Self>(plugin, #named);)),
        Some(Topics::Pattern(_)) | None => None,
    };
    quote!({
        #only
        interceptors.#function::<Self>(plugin, |plugin, #(#taken),*| #outcome);
    })
}
