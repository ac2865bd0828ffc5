//! Checks the block itself, and the methods that the lifecycle calls.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Lifetime, Meta, Type};

use super::block::{self, Block, Member, Method};
use super::mark::{Mark, Marked};
use super::model::{Exclusive, Hook, marked};
use super::{parameter, receiver, snapshot};
use crate::conditions;
use crate::diagnostics::Diagnostics;

const INIT_MISSING: &str = "a plugin needs a method that builds it: add `#[init] async fn init() \
    -> Result<Self>` to the block, with what the plugin needs as its parameters";

/// Checks the block as a whole.
pub(crate) fn check_block(block: &Block, diagnostics: &mut Diagnostics) -> Vec<Exclusive> {
    if let Some((of_trait, _)) = &block.of_trait {
        let message = "`#[plugin]` goes above an `impl` block without a trait: move the methods \
            that it reads to `impl Hello { … }`";
        diagnostics.at(of_trait, message);
    }
    if !block.generics.params.is_empty() {
        let message = "a plugin has no generic parameters, as the build holds one plugin of each \
            name: write `#[plugin]` above an `impl` of one concrete type";
        diagnostics.at(&block.generics, message);
    }
    if let Some(lifetime) = lifetime(block.ty.to_token_stream()) {
        diagnostics.at(
            lifetime,
            "a plugin borrows nothing, as it lives until the end of the service: keep owned \
                values in it, such as a `String` or an `Arc`, and take the lifetime out",
        );
    }
    if !matches!(block.ty, Type::Path(_)) {
        diagnostics.at(
            &block.ty,
            "a plugin is a type of the crate that declares it: write `impl \
            Hello { … }` of a `struct` or an `enum`",
        );
    }
    let mut exclusive = Vec::new();
    for member in &block.members {
        match member {
            Member::Method(method) => exclusive.extend(check_marks(method, diagnostics)),
            Member::Other(attributes, _) => {
                for attribute in attributes.iter().filter_map(block::ours) {
                    diagnostics.at(
                        attribute,
                        "this attribute goes above a method: move it to one, or take it out",
                    );
                }
            }
        }
    }
    exclusive
}

/// A lifetime in the arguments of a type that is not `'static`.
fn lifetime(tokens: TokenStream) -> Option<Lifetime> {
    let mut after = false;
    for token in tokens {
        match token {
            TokenTree::Ident(name) if after && name != "static" => {
                return Some(Lifetime::new(&format!("'{name}"), name.span()));
            }
            TokenTree::Group(group) => {
                if let Some(found) = lifetime(group.stream()) {
                    return Some(found);
                }
                after = false;
            }
            TokenTree::Punct(punct) => after = punct.as_char() == '\'',
            _ => after = false,
        }
    }
    None
}

/// Checks that a method has at most one mark. If several marks are in a `#[cfg_attr]` each, a build
/// may have only one of them.
fn check_marks(method: &Method, diagnostics: &mut Diagnostics) -> Vec<Exclusive> {
    for Marked {
        mark, attribute, ..
    } in &method.marks
    {
        if !mark.takes_arguments() && !matches!(attribute.meta, Meta::Path(_)) {
            let name = mark.name();
            diagnostics.at(
                attribute,
                format!("`#[{name}]` takes no arguments: write `#[{name}]`"),
            );
        }
    }
    let Some((first, others)) = method.marks.split_first() else {
        return Vec::new();
    };
    let mut exclusive = Vec::new();
    for (at, second) in others.iter().enumerate() {
        let earlier = std::iter::once(first).chain(&others[..at]);
        for one in earlier {
            match (&one.behind, &second.behind) {
                (Some((first, _)), Some((other, _))) => exclusive.push(Exclusive {
                    predicates: [first.clone(), other.clone()],
                    message: together(one.mark, second.mark),
                    at: second.attribute.meta.span(),
                }),
                _ => {
                    diagnostics.at(&second.attribute, together(one.mark, second.mark));
                    return exclusive;
                }
            }
        }
    }
    exclusive
}

/// The message about two marks of one method.
fn together(first: Mark, second: Mark) -> String {
    if first != second {
        let (first, second) = (first.name(), second.name());
        return format!(
            "a method is either `#[{first}]` or `#[{second}]`: keep one of them, and write \
                another method for the other"
        );
    }
    let message = match first {
        Mark::Intercept => {
            "a method has one `#[intercept]`: write another method for the other, and call what \
                they have in common"
        }
        Mark::Subscribe => {
            "a method has one `#[subscribe]`: write one method for each type of event, or take \
                `&AnyEvent<'_>` and give a pattern"
        }
        Mark::Schedule => {
            "a method has one `#[schedule]`: write another method that calls this one"
        }
        other => {
            let name = other.name();
            return format!("a method has one `#[{name}]`: keep one of them");
        }
    };
    message.to_owned()
}

/// The only `#[init]`.
pub(crate) fn init(block: &Block, diagnostics: &mut Diagnostics) -> Option<Hook> {
    let Some(method) = single(Mark::Init, block, diagnostics) else {
        diagnostics.at(&block.ty, INIT_MISSING);
        return None;
    };
    receiver::check_none(&method.signature, diagnostics);
    if let syn::ReturnType::Default = method.signature.output {
        let example = Mark::Init.example();
        diagnostics.at(
            &method.signature.ident,
            format!("`#[init]` returns the plugin: write `{example}`"),
        );
    }
    Some(Hook {
        call: receiver::call(Mark::Init, method, diagnostics),
        parameters: parameter::handed_over(&method.signature, diagnostics),
    })
}

/// The `#[start]`, `#[stop]`, `#[reload]` or `#[health]`, if there is one.
pub(crate) fn optional(mark: Mark, block: &Block, diagnostics: &mut Diagnostics) -> Option<Hook> {
    let method = single(mark, block, diagnostics)?;
    receiver::check_shared(mark, &method.signature, diagnostics);
    let parameters = if mark == Mark::Reload {
        let parameters = parameter::handed_over(&method.signature, diagnostics);
        snapshot::refuse_in_reload(&parameters, diagnostics);
        parameters
    } else {
        plain_parameters(mark, method, diagnostics)
    };
    Some(Hook {
        call: receiver::call(mark, method, diagnostics),
        parameters,
    })
}

/// Checks the parameters: `#[start]` may take `Tasks`; `#[stop]`, `#[health]` and `#[snapshot]`
/// take none.
pub(crate) fn plain_parameters(
    mark: Mark,
    method: &Method,
    diagnostics: &mut Diagnostics,
) -> Vec<Type> {
    let most = usize::from(mark == Mark::Start);
    let parameters = parameter::typed(&method.signature);
    for extra in parameters.iter().skip(most) {
        let (name, example) = (mark.name(), mark.example());
        diagnostics.at(
            extra,
            format!("`#[{name}]` has no place for this parameter: write `{example}`"),
        );
    }
    parameters
        .iter()
        .take(most)
        .map(|parameter| (*parameter.ty).clone())
        .collect()
}

/// The method with a mark; a second one is reported.
pub(crate) fn single<'a>(
    mark: Mark,
    block: &'a Block,
    diagnostics: &mut Diagnostics,
) -> Option<&'a Method> {
    let mut found = marked(block, mark);
    let (first, first_mark) = found.next()?;
    let name = mark.name();
    for (other, _) in found.filter(|(other, _)| !std::ptr::eq(*other, first)) {
        let ident = &first.signature.ident;
        let message = format!(
            "a plugin has one `#[{name}]`, and `{ident}` is it: call this method from there"
        );
        diagnostics.at(&other.signature.ident, message);
    }
    if let Some(condition) = conditions(first, first_mark).first() {
        diagnostics.at(
            condition,
            format!(
                "`#[{name}]` can't depend on a `#[cfg]` or `#[cfg_attr]`: put the `#[cfg]` inside \
                    the method"
            ),
        );
    }
    Some(first)
}

/// The attributes that decide whether a build has the method with its mark.
pub(crate) fn conditions(method: &Method, marked: &Marked) -> Vec<syn::Attribute> {
    let mut conditions = conditions::of(&method.attributes);
    conditions.extend(marked.behind.iter().map(|(_, condition)| condition.clone()));
    conditions
}
