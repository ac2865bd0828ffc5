//! The `Hooks` of a descriptor: one closure for each method.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};

use super::calls::{associated, on_plugin, run, run_of};
use super::local;
use crate::krate;
use crate::plugin::model::{Hook, Plugin, Snapshot};

pub(super) fn hooks(plugin: &Plugin) -> TokenStream {
    let krate = &plugin.options.krate;
    let init = init(krate, &plugin.init);
    let start = plugin.start.iter().map(|hook| start(krate, hook));
    let stop = plugin.stop.iter().map(|hook| plain(krate, "handled", hook));
    let reload = plugin.reload.iter().map(|hook| reload(krate, hook));
    let health = plugin
        .health
        .iter()
        .map(|hook| plain(krate, "health", hook));
    let snapshot = plugin.snapshot.iter().map(|one| snapshot(krate, one));
    quote! {
        #krate::Hooks::new(#init)
            #(.start(#start))*
            #(.stop(#stop))*
            #(.reload(#reload))*
            #(.health(#health))*
            #(.snapshot(#snapshot))*
    }
}

fn init(krate: &Path, hook: &Hook) -> TokenStream {
    let (names, extracted) = parameters(krate, &hook.parameters);
    let arguments: Vec<_> = names.iter().map(|name| quote!(#name)).collect();
    let called = associated(&hook.call, &arguments);
    let built = run(krate, "built", &hook.call, &called);
    quote! {
        |context| {
            #extracted
            ::std::result::Result::Ok(#built)
        }
    }
}

fn start(krate: &Path, hook: &Hook) -> TokenStream {
    let tasks = hook.parameters.iter().map(|ty| {
        let tasks = local("tasks");
        let there = krate::at(krate, ty.span());
        quote_spanned!(ty.span()=> <#ty as #there::__private::StartParam>::of(#tasks))
    });
    let called = on_plugin(&hook.call, &tasks.collect::<Vec<_>>());
    let handled = run(krate, "handled", &hook.call, &called);
    // A `#[start]` without `Tasks` ignores the parameter.
    let tasks = local(if hook.parameters.is_empty() {
        "_"
    } else {
        "tasks"
    });
    quote! {
        |plugin, #tasks| {
            let plugin = #krate::__private::downcast::<Self>(plugin);
            #handled
        }
    }
}

/// `#[stop]` and `#[health]`.
fn plain(krate: &Path, function: &str, hook: &Hook) -> TokenStream {
    let called = on_plugin(&hook.call, &[]);
    let run = run(krate, function, &hook.call, &called);
    quote! {
        |plugin| {
            let plugin = #krate::__private::downcast::<Self>(plugin);
            #run
        }
    }
}

fn snapshot(krate: &Path, Snapshot { call, ty }: &Snapshot) -> TokenStream {
    let called = on_plugin(call, &[]);
    let run = run_of(&quote!(#ty), (krate, "snapshot"), call, &called);
    quote! {
        |plugin| {
            let plugin = #krate::__private::downcast::<Self>(plugin);
            #run
        }
    }
}

fn reload(krate: &Path, hook: &Hook) -> TokenStream {
    let (names, extracted) = parameters(krate, &hook.parameters);
    let arguments: Vec<_> = names.iter().map(|name| quote!(#name)).collect();
    let called = on_plugin(&hook.call, &arguments);
    let handled = run(krate, "handled", &hook.call, &called);
    quote! {
        |plugin, context| {
            #extracted
            let plugin = #krate::__private::downcast::<Self>(plugin);
            ::std::result::Result::Ok(#handled)
        }
    }
}

/// Takes the parameters from the context, in order.
fn parameters(krate: &Path, types: &[Type]) -> (Vec<Ident>, TokenStream) {
    let names: Vec<_> = (0..types.len())
        .map(|at| format_ident!("parameter_{at}"))
        .collect();
    let values = types.iter().map(|ty| {
        let context = local("context");
        let there = krate::at(krate, ty.span());
        quote_spanned!(ty.span()=> <#ty as #there::init::InitParam>::extract(#context)?)
    });
    (names.clone(), quote!(#(let #names = #values;)*))
}
