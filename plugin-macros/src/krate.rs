//! The path of `plugin-core` in generated code.
//!
//! It is `::plugin_core`, or the path that the user writes. If a crate renames `plugin-core` in its
//! Cargo.toml and does not write the path, the error is reported at its attribute. The new name is
//! found in the command line of rustc, which contains the name of each dependency; rustc's own
//! message about a path that the user did not write would not help. The name is not used as the
//! path, because an editor calls the macros without this command line.

use std::path::Path as FilePath;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Expr, Ident, Path, parse_quote};

use crate::attribute::{Arguments, Value};
use crate::diagnostics::Diagnostics;

/// The path of `crate = path` in an attribute above `item`; otherwise `::plugin_core`.
pub(crate) fn path(
    arguments: &mut Arguments,
    item: &TokenStream,
    diagnostics: &mut Diagnostics,
) -> Path {
    let Some(argument) = arguments.take("crate") else {
        let attribute = arguments.attribute().trim_matches(['#', '[', ']']);
        return unnamed(
            item,
            |name| format!("#[{attribute}(…, crate = {name})]"),
            diagnostics,
        );
    };
    match argument.value {
        Value::Expr(Expr::Path(path)) if path.qself.is_none() => path.path,
        _ => {
            arguments.malformed(&argument, diagnostics);
            parse_quote!(::plugin_core)
        }
    }
}

/// The path if none is written. `remedy` says how to write the name that the crate uses.
pub(crate) fn unnamed(
    item: &TokenStream,
    remedy: impl FnOnce(&str) -> String,
    diagnostics: &mut Diagnostics,
) -> Path {
    let Some(name) = renamed(std::env::args()) else {
        return parse_quote!(::plugin_core);
    };
    if ["core", "std", "alloc"].contains(&&*name) {
        let message = format!(
            "Cargo.toml calls `plugin-core` `{name}`, which is the name of a crate of Rust's own \
                that macros rely on: give it another name there, such as `plugin_core`"
        );
        diagnostics.at_attribute(item, message);
    } else {
        let remedy = remedy(&name);
        let message =
            format!("Cargo.toml calls `plugin-core` `{name}`: write `{remedy}` to say so here");
        diagnostics.at_attribute(item, message);
    }
    // The generated code then finds the crate, and causes no further errors.
    let name = Ident::new(&name, Span::call_site());
    parse_quote!(::#name)
}

/// The name that rustc gets for `plugin-core`, if it is not the crate's own name.
fn renamed(arguments: impl Iterator<Item = String>) -> Option<String> {
    let mut other = None;
    let mut follows = false;
    for argument in arguments {
        let value = if follows {
            Some(&*argument)
        } else {
            argument.strip_prefix("--extern=")
        };
        let (name, file) = value.and_then(|value| value.split_once('=')).unzip();
        follows = argument == "--extern";
        if file.is_some_and(is_plugin_core) {
            // Options such as `priv` precede a colon.
            let name = name?.rsplit(':').next()?;
            if name == "plugin_core" {
                return None;
            }
            other = Some(name.to_owned());
        }
    }
    other
}

/// Whether a file is the library, in Cargo's naming: `libplugin_core-0123.rmeta`.
fn is_plugin_core(file: &str) -> bool {
    let stem = FilePath::new(file)
        .file_stem()
        .and_then(|stem| stem.to_str());
    let name = stem.map(|stem| stem.strip_prefix("lib").unwrap_or(stem));
    let name = name.map(|name| name.rsplit_once('-').map_or(name, |(name, _)| name));
    name == Some("plugin_core")
}

/// The path with a span of the user, to which rustc's messages about a call through it refer.
pub(crate) fn at(krate: &Path, span: Span) -> TokenStream {
    let tokens = krate.to_token_stream().into_iter();
    let moved = tokens.map(|mut token| {
        token.set_span(span);
        token
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use super::renamed;

    fn of(line: &str) -> Option<String> {
        renamed(line.split(' ').map(ToOwned::to_owned))
    }

    #[test]
    fn report_d1_a_renamed_crate_is_found_on_the_command_line() {
        let kernel =
            "rustc --extern serde=/t/libserde-0a.rmeta --extern kernel=/t/libplugin_core-0b.rmeta";
        assert_eq!(of(kernel).as_deref(), Some("kernel"));
        let options = "rustc --extern=priv,noprelude:core=/t/libplugin_core-0b.rlib";
        assert_eq!(of(options).as_deref(), Some("core"));
        let both = format!("{kernel} --extern plugin_core=/t/libplugin_core-0b.rmeta");
        assert_eq!(of(&both), None);
        assert_eq!(
            of("rustc --extern plugin_macros=/t/libplugin_macros-0c.so"),
            None
        );
        assert_eq!(of("rust-analyzer-proc-macro-srv"), None);
    }
}
