//! `#[snapshot]`, and the parameter of `#[init]` that takes its result.

use syn::{ReturnType, Type};

use super::block::Block;
use super::mark::Mark;
use super::model::{Hook, Snapshot};
use super::{hook, parameter, receiver};
use crate::diagnostics::Diagnostics;

/// The `#[snapshot]`, if there is one.
pub(crate) fn check(
    block: &Block,
    init: Option<&Hook>,
    diagnostics: &mut Diagnostics,
) -> Option<Snapshot> {
    let parameters = init.map_or(&[][..], |init| &init.parameters);
    let mut taken = parameters.iter().filter_map(of_parameter);
    let first = taken.next();
    for second in taken {
        diagnostics.at(
            second,
            "a plugin has one snapshot: put all that it leaves into one type",
        );
    }
    let Some(method) = hook::single(Mark::Snapshot, block, diagnostics) else {
        if let Some(ty) = first {
            let message = format!(
                "nothing leaves a snapshot: add `#[snapshot] fn snapshot(&self) -> {}`",
                parameter::text(ty)
            );
            diagnostics.at(ty, message);
        }
        return None;
    };
    let signature = &method.signature;
    receiver::check_shared(Mark::Snapshot, signature, diagnostics);
    hook::plain_parameters(Mark::Snapshot, method, diagnostics);
    let call = receiver::call(Mark::Snapshot, method, diagnostics);
    let ReturnType::Type(_, returned) = &signature.output else {
        let example = Mark::Snapshot.example();
        let message =
            format!("`#[snapshot]` returns what it leaves to the next life: write `{example}`");
        diagnostics.at(&signature.ident, message);
        return None;
    };
    if let Type::ImplTrait(ty) = &**returned {
        diagnostics.at(
            ty,
            "a snapshot is read again as the type that it was written as: write the type out",
        );
        return None;
    }
    let returned = parameter::argument(returned, "Result").unwrap_or(returned);
    let ty = first.unwrap_or(returned).clone();
    Some(Snapshot { call, ty })
}

/// Refuses a snapshot in `#[reload]`, which continues the present life.
pub(crate) fn refuse_in_reload(parameters: &[Type], diagnostics: &mut Diagnostics) {
    for ty in parameters.iter().filter_map(of_parameter) {
        diagnostics.at(
            ty,
            "`#[reload]` goes on with what the plugin holds: only `#[init]` takes a snapshot",
        );
    }
}

/// The `T` of `Option<Snapshot<T>>`.
fn of_parameter(ty: &Type) -> Option<&Type> {
    parameter::argument(parameter::argument(ty, "Option")?, "Snapshot")
}
