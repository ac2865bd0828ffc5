//! Generates the static for a set, and the assertions that keep its entries correct.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, LitStr, Path};

use super::Set;
use super::entry::Entry;
use crate::fragment;

/// Expands a set without mistakes.
pub(super) fn expand(set: &Set) -> TokenStream {
    let Set {
        krate,
        strict,
        entries,
    } = set;
    let strict = strict.then(|| quote!(.strict()));
    let plugins = entries.iter().map(|entry| plugin(entry, krate));
    let catalogue = entries.iter().map(|entry| line(entry, krate));
    let assertions = entries.iter().map(|entry| assertion(entry, krate));
    quote! {
        /// The plugins of this build, and the start order in which they are proven to fit together.
        #[allow(unreachable_pub, reason = "a library exports it, a binary does not")]
        pub static COMPOSITION: #krate::Composition = {
            const PLUGINS: &[&#krate::Descriptor] = &[#(#plugins)*];
            const CATALOGUE: &[#krate::CatalogueEntry] = &[#(#catalogue)*];
            // It is a `static`, because a failing constant would be reported again where it is
            // used.
            #[allow(long_running_const_eval, reason = "the check of a large set takes a while")]
            static ORDER: [u16; PLUGINS.len()] = #krate::__private::prove::<
                { PLUGINS.len() },
                { #krate::__private::scratch_len(PLUGINS) },
            >(PLUGINS, CATALOGUE);
            #krate::Composition::proven(PLUGINS, &ORDER, CATALOGUE) #strict
        };
        #(#assertions)*
    }
}

fn plugin(entry: &Entry, krate: &Path) -> TokenStream {
    let (cfg, path) = (cfg(entry), &entry.path);
    quote!(#cfg <#path as #krate::Plugin>::DESCRIPTOR,)
}

/// The `#[cfg]` of an entry; `None` for an entry that is in every build.
fn cfg(entry: &Entry) -> Option<TokenStream> {
    let condition = condition(entry.feature.as_ref()?);
    Some(quote!(#[cfg(#condition)]))
}

/// The condition has the span of the user's string, where a feature that is missing in Cargo.toml
/// is reported.
fn condition(feature: &LitStr) -> TokenStream {
    quote_spanned!(feature.span()=> feature = #feature)
}

/// The entry's line in the catalogue. Only entries with a feature have one.
fn line(entry: &Entry, krate: &Path) -> Option<TokenStream> {
    let feature = entry.feature.as_ref()?;
    let name = entry.expected_name(feature);
    let condition = condition(feature);
    let services = services(entry);
    let answers = entry.answers.iter().flatten();
    Some(quote! {
        #krate::CatalogueEntry {
            feature: #feature,
            plugin: #name,
            provides: &[#(#services),*],
            answers: &[#(#answers),*],
            enabled: ::std::cfg!(#condition),
        },
    })
}

fn services(entry: &Entry) -> impl Iterator<Item = String> {
    entry.provides.iter().flatten().map(fragment::name)
}

/// Compares the entry with the descriptor of its plugin.
///
/// The assertion has the span of the user's entry as its call site: const evaluation reports the
/// place where the outermost macro is called, which would otherwise underline the whole set.
fn assertion(entry: &Entry, krate: &Path) -> TokenStream {
    let (cfg, path) = (cfg(entry), &entry.path);
    let checks = [
        check_name(entry),
        check_services(entry),
        check_answers(entry),
    ];
    let checks = checks.into_iter().flatten().map(|(at, check, says)| {
        let krate = at_place(krate, at);
        quote_spanned! {at=>
            #cfg
            const _: () = #krate::__private::#check(<#path as #krate::Plugin>::DESCRIPTOR, #says);
        }
    });
    quote!(#(#checks)*)
}

/// The tokens of a path, with another span.
fn at_place(path: &Path, place: Span) -> TokenStream {
    let moved = path.to_token_stream().into_iter().map(|mut token| {
        token.set_span(place);
        token
    });
    moved.collect()
}

/// The span, function and argument of an assertion.
type Check = (Span, Ident, TokenStream);

fn check_name(entry: &Entry) -> Option<Check> {
    let name = match (&entry.feature, &entry.name) {
        (_, Some(name)) => name.clone(),
        (Some(feature), None) => entry.expected_name(feature),
        (None, None) => return None,
    };
    let check = Ident::new("assert_name", name.span());
    Some((name.span(), check, name.to_token_stream()))
}

fn check_services(entry: &Entry) -> Option<Check> {
    let traits = entry.provides.as_ref()?;
    let (names, at) = (services(entry), traits.first()?.span());
    let check = Ident::new("assert_provides", at);
    Some((at, check, quote!(&[#(#names),*])))
}

fn check_answers(entry: &Entry) -> Option<Check> {
    let topics = entry.answers.as_ref()?;
    let at = topics.first()?.span();
    Some((
        at,
        Ident::new("assert_answers", at),
        quote!(&[#(#topics),*]),
    ))
}
