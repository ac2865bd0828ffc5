//! The path of `plugin-core` in generated code.

use syn::{Expr, Path, parse_quote};

use crate::attribute::{Arguments, Value};
use crate::diagnostics::Diagnostics;

/// `crate = path` of an attribute, else `::plugin_core`.
pub(crate) fn path(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Path {
    let Some(argument) = arguments.take("crate") else {
        return parse_quote!(::plugin_core);
    };
    match argument.value {
        Value::Expr(Expr::Path(path)) if path.qself.is_none() => path.path,
        _ => {
            arguments.malformed(&argument, diagnostics);
            parse_quote!(::plugin_core)
        }
    }
}
