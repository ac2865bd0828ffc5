//! `#[event("topic")]`: parse → check → expand.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Fields, Generics, Ident, Item, Lit, LitStr, Path, Type, parse_quote};

use crate::attribute::{Arguments, Grammar};
use crate::diagnostics::Diagnostics;
use crate::suggestion::{closest, listed};
use crate::{doc, fragment, krate, topic};

const GRAMMAR: Grammar = Grammar {
    attribute: "#[event]",
    unnamed: Some("a topic such as \"user.login\""),
    options: &[
        ("answer", "answer = UserProfile"),
        ("subject", "subject = user_id"),
        ("crate", "crate = path::to::plugin_core"),
    ],
};

/// The word for an event that acts for no user.
const NOBODY: &str = "none";

const TOPIC_MISSING: &str =
    "`#[event]` needs the topic: write `#[event(\"user.login\")]` with a topic of your own";

/// The attribute and the item of an event.
struct Event {
    krate: Path,
    topic: LitStr,
    ident: Ident,
    description: TokenStream,
    /// The type of the answer, if it is a request.
    answer: Option<Type>,
    /// The subject: a field, or `none`.
    subject: Option<Ident>,
}

pub(crate) fn event(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let event = parse(arguments, item, &mut diagnostics);
    let generated = match event {
        Some(event) if diagnostics.is_empty() => expand(&event),
        Some(event) => implementation(&event),
        None => TokenStream::new(),
    };
    let errors = diagnostics.into_compile_errors();
    quote!(#item #generated #errors)
}

/// The event. After a mistake, it is a replacement that is good enough for the expansion, if that
/// is possible.
fn parse(
    arguments: TokenStream,
    item: &TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<Event> {
    let mut arguments = Arguments::parse(&GRAMMAR, arguments, diagnostics);
    let krate = krate::path(&mut arguments, item, diagnostics);
    let topic = topic(&mut arguments, item, diagnostics);
    let answer = arguments.ty("answer", diagnostics);
    let subject = arguments.word("subject", diagnostics);
    let (ident, generics, attributes, fields) = match diagnostics.take(syn::parse2(item.clone()))? {
        Item::Struct(item) => (item.ident, item.generics, item.attrs, Some(item.fields)),
        Item::Enum(item) => (item.ident, item.generics, item.attrs, None),
        other => {
            diagnostics.at(head(&other), refusal(&other));
            return None;
        }
    };
    check_generics(&generics, diagnostics)?;
    let subject = subject.filter(|subject| is_subject(subject, fields.as_ref(), diagnostics));
    Some(Event {
        topic,
        description: doc::description(&krate, &attributes),
        krate,
        ident,
        answer,
        subject,
    })
}

/// The topic; empty after a mistake.
fn topic(arguments: &mut Arguments, item: &TokenStream, diagnostics: &mut Diagnostics) -> LitStr {
    let stand_in = parse_quote!("");
    let mut positional = std::mem::take(&mut arguments.positional).into_iter();
    let Some(first) = positional.next() else {
        if !arguments.has_unknown() {
            diagnostics.at_attribute(item, TOPIC_MISSING);
        }
        return stand_in;
    };
    if let Some(second) = positional.next() {
        diagnostics.at(
            second,
            "an event has one topic: declare one type for each topic",
        );
    }
    if let Expr::Lit(ExprLit {
        lit: Lit::Str(topic),
        ..
    }) = first
    {
        topic::check_topic(&topic, diagnostics);
        return topic;
    }
    diagnostics.at(
        first,
        "the topic is a string literal: write it as in `#[event(\"user.login\")]`",
    );
    stand_in
}

fn check_generics(generics: &Generics, diagnostics: &mut Diagnostics) -> Option<()> {
    if generics.params.is_empty() {
        return Some(());
    }
    diagnostics.at(
        generics,
        "an event type has no generic parameters, as one topic has one type: declare one type \
            for each topic",
    );
    None
}

/// Whether the subject is a field of the event, or `none`.
fn is_subject(subject: &Ident, fields: Option<&Fields>, diagnostics: &mut Diagnostics) -> bool {
    if subject == NOBODY {
        return true;
    }
    let Some(fields) = fields else {
        diagnostics.at(
            subject,
            "an `enum` has no field that could name its subject: write `subject = none`, or make \
             it a `struct` that holds the `enum`",
        );
        return false;
    };
    let fields = fields.iter().filter_map(|field| field.ident.as_ref());
    let names: Vec<String> = fields.map(ToString::to_string).collect();
    let is_field = names.iter().any(|name| subject == name);
    if !is_field {
        let names: Vec<&str> = names.iter().map(String::as_str).chain([NOBODY]).collect();
        let meant = closest(&subject.to_string(), &names);
        let meant = meant.map_or(String::new(), |name| format!(", did you mean `{name}`?"));
        diagnostics.at(
            subject,
            format!(
                "there is no field `{subject}`{meant} (one of {})",
                listed(&names)
            ),
        );
    }
    is_field
}

fn refusal(item: &Item) -> &'static str {
    match item {
        Item::Union(_) => {
            "a union can't be an event, as it can't be serialized: write a `struct` or an `enum`"
        }
        _ => {
            "`#[event]` goes above a `struct` or an `enum`: write it above the type of the \
                event's data"
        }
    }
}

/// The keyword and the name of an item, where its error is reported.
fn head(item: &Item) -> TokenStream {
    match item {
        Item::Union(item) => {
            let (keyword, ident) = (&item.union_token, &item.ident);
            quote!(#keyword #ident)
        }
        Item::Fn(item) => item.sig.to_token_stream(),
        Item::Type(item) => item.ident.to_token_stream(),
        Item::Trait(item) => item.ident.to_token_stream(),
        Item::Impl(item) => item.impl_token.to_token_stream(),
        other => other.to_token_stream(),
    }
}

fn expand(event: &Event) -> TokenStream {
    let implementation = implementation(event);
    let element = element(event);
    quote!(#implementation #element)
}

fn implementation(event: &Event) -> TokenStream {
    let Event {
        krate,
        topic,
        ident,
        description,
        answer,
        subject,
    } = event;
    let name = fragment::name(ident);
    let there = krate::at(krate, ident.span());
    let of = quote_spanned!(ident.span()=> #there::__private::event::<#ident>);
    let descriptor = quote! {
        #of(
            #topic,
            ::std::concat!(::std::module_path!(), "::", #name),
        )
        .description(#description)
    };
    let subject = subject.as_ref().map(|field| subject_of(event, field));
    let descriptor = quote!(#descriptor #subject);
    let (descriptor, answered) = match answer {
        None => (descriptor, None),
        Some(answer) => {
            let (descriptor, answered) = request(event, answer, &descriptor);
            (descriptor, Some(answered))
        }
    };
    quote! {
        #[automatically_derived]
        impl #krate::event::Declared for #ident {
            const DESCRIPTOR: &'static #krate::event::EventDescriptor = &#descriptor;
        }
        #answered
    }
}

/// The description of the subject in the descriptor.
fn subject_of(event: &Event, field: &Ident) -> TokenStream {
    let Event { krate, ident, .. } = event;
    if field == NOBODY {
        return quote!(.subject_none());
    }
    let name = field.unraw().to_string();
    let there = krate::at(krate, field.span());
    // The name has the span of the expansion, wherever the field was written.
    let event = Ident::new("event", Span::call_site());
    let subject = quote_spanned!(field.span()=> #there::event::SubjectField::subject);
    let read = quote!(#subject(&#event.#field));
    quote! {
        .subject(#name, {
            fn subject(event: &dyn ::std::any::Any) -> ::std::option::Option<&str> {
                let event = event.downcast_ref::<#ident>()?;
                #read
            }
            subject
        })
    }
}

/// The descriptor of a request, and the implementation that names its answer.
fn request(event: &Event, answer: &Type, descriptor: &TokenStream) -> (TokenStream, TokenStream) {
    let Event { krate, ident, .. } = event;
    let there = krate::at(krate, answer.span());
    let request = quote_spanned!(answer.span()=> #there::__private::request::<#ident, #answer>);
    let answered = quote! {
        #[automatically_derived]
        impl #krate::event::Answered for #ident {
            type Answer = #answer;
        }
    };
    (quote!(#request(#descriptor)), answered)
}

fn element(event: &Event) -> TokenStream {
    let Event { krate, ident, .. } = event;
    quote! {
        const _: () = {
            #[#krate::__private::linkme::distributed_slice(#krate::registry::EVENTS)]
            #[linkme(crate = #krate::__private::linkme)]
            static EVENT: &'static #krate::event::EventDescriptor =
                <#ident as #krate::event::Declared>::DESCRIPTOR;
        };
    }
}
