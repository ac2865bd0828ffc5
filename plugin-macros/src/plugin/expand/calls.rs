//! Calls of the user's methods.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, Path};

use crate::krate;
use crate::plugin::model::Call;

/// `Self::method(arguments)`, awaited if it is async.
pub(super) fn associated(call: &Call, arguments: &[TokenStream]) -> TokenStream {
    let method = &call.method;
    let awaited = call
        .is_async
        .then(|| quote_spanned!(method.span()=> .await));
    quote_spanned!(method.span()=> Self::#method(#(#arguments),*) #awaited)
}

/// `Self::method(&plugin, arguments)`, awaited if it is async.
pub(super) fn on_plugin(call: &Call, arguments: &[TokenStream]) -> TokenStream {
    // The surrounding closure binds the name, even if the method comes from a `macro_rules`.
    let span = call.method.span().resolved_at(Span::call_site());
    let mut all = vec![quote_spanned!(span=> &plugin)];
    all.extend_from_slice(arguments);
    associated(call, &all)
}

/// A future of the call. It must be `Send`, and its output must be accepted by the function of
/// `__private`; errors about both are reported at the method's name.
pub(super) fn run(krate: &Path, function: &str, call: &Call, called: &TokenStream) -> TokenStream {
    run_of(&quote!(Self), (krate, function), call, called)
}

/// Like [`run`], for functions that need the plugin's type.
pub(super) fn run_of(
    ty: &TokenStream,
    (krate, function): (&Path, &str),
    call: &Call,
    called: &TokenStream,
) -> TokenStream {
    let span = call.method.span();
    let krate = krate::at(krate, span);
    let function = Ident::new(function, span);
    quote_spanned!(span=> #krate::__private::#function::<#ty, _>(async move { #called }))
}

/// A `fn` whose outcome is available at once.
pub(super) fn outcome(krate: &Path, call: &Call, called: &TokenStream) -> TokenStream {
    let span = call.method.span();
    let krate = krate::at(krate, span);
    let into = quote_spanned!(span=> #krate::__private::IntoOutcome::into_outcome);
    quote_spanned!(span=> #into(#called))
}
