//! Names of tables, columns and aliases, which are always written between backquotes.
//!
//! SQLite treats text between `"` as a string if there is no such column; between backquotes, it
//! does not.

use plugin_core::Result;
use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, TableAlias};

use super::limits::LONGEST_NAME;
use super::{not_allowed, refused};

/// The name, if it can be written between backquotes.
///
/// # Errors
///
/// Returns an error if it is empty, too long, or a variable, or if it contains characters that no
/// name needs.
pub(super) fn plain(ident: &Ident) -> Result<&str> {
    let name = ident.value.as_str();
    if name.starts_with('@') {
        return Err(not_allowed(format_args!("the variable `{name}`")));
    }
    let odd = |char: char| char == '`' || char.is_control();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(odd) {
        return Err(refused(format_args!(
            "has names of 1 to {LONGEST_NAME} characters without backquotes"
        )));
    }
    Ok(name)
}

/// A name without a schema or database.
///
/// # Errors
///
/// Returns an error if it has one, or if it is not a plain name.
pub(super) fn single(name: &ObjectName) -> Result<&Ident> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Ok(ident),
        _ => Err(not_allowed(format_args!(
            "`{name}`: what is not in a table of the plugin's own database is not open to events"
        ))),
    }
}

/// The alias of a table, and the names of its columns.
///
/// # Errors
///
/// Returns an error if it is more than a plain name.
pub(super) fn alias(alias: &TableAlias) -> Result<(&str, Vec<&str>)> {
    let TableAlias {
        explicit: _,
        name,
        columns,
        at,
    } = alias;
    if at.is_some() || columns.iter().any(|column| column.data_type.is_some()) {
        return Err(not_allowed("this alias of a table"));
    }
    let columns: Result<Vec<_>> = columns.iter().map(|column| plain(&column.name)).collect();
    Ok((plain(name)?, columns?))
}
