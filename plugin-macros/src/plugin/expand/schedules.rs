//! The elements of a descriptor's `schedules`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Path;

use super::calls::{on_plugin, run};
use crate::krate;
use crate::plugin::model::{Pace, Schedule, When};

pub(super) fn element(krate: &Path, schedule: &Schedule) -> TokenStream {
    let Schedule {
        call,
        conditions,
        takes_run,
        ..
    } = schedule;
    let name = &call.name;
    let when = when(krate, &schedule.when);
    let options = options(krate, &schedule.pace);
    let told: &[TokenStream] = if *takes_run { &[quote!(&run)] } else { &[] };
    let called = on_plugin(call, told);
    let handled = run(krate, "handled", call, &called);
    // A method that does not take the run ignores the parameter.
    let parameter = super::local(if *takes_run { "run" } else { "_" });
    quote! {
        #(#conditions)*
        #krate::Schedule {
            name: #name,
            when: #when,
            options: #options,
            run: |plugin, #parameter| {
                let plugin = #krate::__private::downcast::<Self>(plugin);
                #handled
            },
        }
    }
}

/// Checks the cron expression at compile time.
pub(super) fn assertion(krate: &Path, schedule: &Schedule) -> Option<TokenStream> {
    let When::Cron { expression, .. } = &schedule.when else {
        return None;
    };
    let there = krate::at(krate, expression.span());
    let conditions = &schedule.conditions;
    Some(quote_spanned! {expression.span()=>
        #(#conditions)*
        const _: () = #there::__private::assert_cron(#expression);
    })
}

fn when(krate: &Path, when: &When) -> TokenStream {
    match when {
        When::Every(millis) => {
            quote!(#krate::When::Every(::std::time::Duration::from_millis(#millis)))
        }
        When::After(millis) => {
            quote!(#krate::When::After(::std::time::Duration::from_millis(#millis)))
        }
        When::Cron {
            expression,
            timezone,
        } => {
            let timezone = timezone
                .as_ref()
                .map_or_else(|| quote!("UTC"), |timezone| quote!(#timezone));
            quote!(#krate::When::Cron { expression: #expression, timezone: #timezone })
        }
    }
}

fn options(krate: &Path, pace: &Pace) -> TokenStream {
    let jitter = pace.jitter_millis.iter();
    let max_runs = pace.max_runs.iter();
    let overlap = pace.overlap.iter();
    let misfire = pace.misfire.iter();
    let timeout = pace.timeout_millis.iter();
    quote! {
        #krate::ScheduleOptions::DEFAULT
            #(.jitter(::std::time::Duration::from_millis(#jitter)))*
            #(.max_runs(#max_runs))*
            #(.overlap(#krate::Overlap::#overlap))*
            #(.misfire(#krate::Misfire::#misfire))*
            #(.timeout(::std::time::Duration::from_millis(#timeout)))*
    }
}
