//! Checks the block itself and the methods that the lifecycle calls.

use syn::{Meta, Type};

use super::block::{Block, Member, Method};
use super::mark::Mark;
use super::model::{Hook, marked};
use super::{parameter, receiver};
use crate::diagnostics::Diagnostics;

const INIT_MISSING: &str = "a plugin needs a method that builds it: add `#[init] async fn init() \
    -> Result<Self>` to the block, with what the plugin needs as its parameters";

/// Checks what is wrong with the block as a whole.
pub(crate) fn check_block(block: &Block, diagnostics: &mut Diagnostics) {
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
    if !matches!(block.ty, Type::Path(_)) {
        diagnostics.at(
            &block.ty,
            "a plugin is a type of the crate that declares it: write `impl \
            Hello { … }` of a `struct` or an `enum`",
        );
    }
    for member in &block.members {
        match member {
            Member::Method(method) => check_marks(method, diagnostics),
            Member::Other(attributes, _) => {
                for attribute in attributes.iter().filter(|one| Mark::of(one).is_some()) {
                    diagnostics.at(
                        attribute,
                        "this attribute goes above a method: move it to one, or take it out",
                    );
                }
            }
        }
    }
}

/// A method has at most one mark.
fn check_marks(method: &Method, diagnostics: &mut Diagnostics) {
    for (mark, attribute) in &method.marks {
        if !mark.takes_arguments() && !matches!(attribute.meta, Meta::Path(_)) {
            let name = mark.name();
            diagnostics.at(
                attribute,
                format!("`#[{name}]` takes no arguments: write `#[{name}]`"),
            );
        }
    }
    if let [(first, _), (second, attribute), ..] = &method.marks[..] {
        let message = if first == second && *first == Mark::Middleware {
            "a method has one `#[middleware]`: write another method for the other, and call what \
                they have in common"
                .to_owned()
        } else if first == second && *first == Mark::Subscribe {
            "a method has one `#[subscribe]`: write one method for each type of event, or take \
                `&AnyEvent<'_>` and give a pattern"
                .to_owned()
        } else if first == second && *first == Mark::Schedule {
            "a method has one `#[schedule]`: write another method that calls this one".to_owned()
        } else {
            let (first, second) = (first.name(), second.name());
            format!(
                "a method is either `#[{first}]` or `#[{second}]`: keep one of them, and write \
                    another method for the other"
            )
        };
        diagnostics.at(attribute, message);
    }
}

/// The one `#[init]`.
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
        parameter::handed_over(&method.signature, diagnostics)
    } else {
        plain_parameters(mark, method, diagnostics)
    };
    Some(Hook {
        call: receiver::call(mark, method, diagnostics),
        parameters,
    })
}

/// `#[start]` may take `Tasks`; `#[stop]` and `#[health]` take nothing.
fn plain_parameters(mark: Mark, method: &Method, diagnostics: &mut Diagnostics) -> Vec<Type> {
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
fn single<'a>(mark: Mark, block: &'a Block, diagnostics: &mut Diagnostics) -> Option<&'a Method> {
    let mut methods = marked(block, mark);
    let first = methods.next()?;
    let name = mark.name();
    for other in methods {
        let ident = &first.signature.ident;
        let message = format!(
            "a plugin has one `#[{name}]`, and `{ident}` is it: call this method from there"
        );
        diagnostics.at(&other.signature.ident, message);
    }
    if let Some(condition) = conditions(first).next() {
        diagnostics.at(
            condition,
            format!("`#[{name}]` can't depend on a `#[cfg]`: put the `#[cfg]` inside the method"),
        );
    }
    Some(first)
}

/// The `#[cfg]`s of a method.
pub(crate) fn conditions(method: &Method) -> impl Iterator<Item = &syn::Attribute> {
    method
        .attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
}
