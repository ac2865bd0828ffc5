//! The functions that a query of an event may call.
//!
//! The list contains functions that depend only on their arguments or on the rows, whose time is
//! limited by the size of their arguments, and whose value is not longer than their arguments
//! together. For example, these are not on the list: `zeroblob`, `printf`, `replace`, `hex`,
//! `repeat`, `group_concat` (length), `sleep`, `benchmark`, `get_lock` (time), `load_file`,
//! `load_extension`, `nextval` (resources of the server), `user`, `version`, `database` (the server
//! itself).

use plugin_core::Result;

use super::{Grammar, not_allowed};

/// The relevant properties of a function besides its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its value is at most as long as the longest argument.
    Plain,
    /// Its value is a number, a time or another short value.
    Short,
    /// It also accepts `*`.
    Count,
    /// It concatenates its arguments.
    Concat,
    /// Its value is the part at the first argument, once for each other argument.
    Paths,
    /// The argument with this index is a pattern or a format: it is short, and not from a column.
    Pattern(usize),
    /// It accepts only one argument: a second one would be a set of characters to look for.
    Single,
}

const BOTH: &[(&str, Kind)] = &[
    ("abs", Kind::Short),
    ("avg", Kind::Short),
    ("ceil", Kind::Short),
    ("ceiling", Kind::Short),
    ("coalesce", Kind::Plain),
    ("count", Kind::Count),
    ("cume_dist", Kind::Short),
    ("date", Kind::Short),
    ("dense_rank", Kind::Short),
    ("exp", Kind::Short),
    ("first_value", Kind::Plain),
    ("floor", Kind::Short),
    ("ifnull", Kind::Plain),
    ("instr", Kind::Pattern(1)),
    ("json_extract", Kind::Paths),
    ("json_type", Kind::Short),
    ("json_valid", Kind::Short),
    ("lag", Kind::Plain),
    ("last_value", Kind::Plain),
    ("lead", Kind::Plain),
    ("length", Kind::Short),
    ("ln", Kind::Short),
    ("lower", Kind::Plain),
    ("ltrim", Kind::Single),
    ("max", Kind::Plain),
    ("min", Kind::Plain),
    ("mod", Kind::Short),
    ("nth_value", Kind::Plain),
    ("ntile", Kind::Short),
    ("nullif", Kind::Plain),
    ("octet_length", Kind::Short),
    ("percent_rank", Kind::Short),
    ("pow", Kind::Short),
    ("power", Kind::Short),
    ("rank", Kind::Short),
    ("round", Kind::Short),
    ("row_number", Kind::Short),
    ("rtrim", Kind::Single),
    ("sign", Kind::Short),
    ("sqrt", Kind::Short),
    ("substr", Kind::Plain),
    ("sum", Kind::Short),
    ("time", Kind::Short),
    ("trim", Kind::Single),
    ("upper", Kind::Plain),
];

const SQLITE: &[(&str, Kind)] = &[
    ("datetime", Kind::Short),
    ("iif", Kind::Plain),
    ("json_array_length", Kind::Short),
    ("julianday", Kind::Short),
    ("strftime", Kind::Pattern(0)),
    ("substring", Kind::Plain),
    ("total", Kind::Short),
    ("typeof", Kind::Short),
    ("unicode", Kind::Short),
    ("unixepoch", Kind::Short),
];

const MYSQL: &[(&str, Kind)] = &[
    ("adddate", Kind::Short),
    ("any_value", Kind::Plain),
    ("char_length", Kind::Short),
    ("character_length", Kind::Short),
    ("concat", Kind::Concat),
    ("concat_ws", Kind::Concat),
    ("curdate", Kind::Short),
    ("curtime", Kind::Short),
    ("date_add", Kind::Short),
    ("date_format", Kind::Pattern(1)),
    ("date_sub", Kind::Short),
    ("datediff", Kind::Short),
    ("day", Kind::Short),
    ("dayofmonth", Kind::Short),
    ("dayofweek", Kind::Short),
    ("dayofyear", Kind::Short),
    ("from_unixtime", Kind::Pattern(1)),
    ("greatest", Kind::Plain),
    ("hour", Kind::Short),
    ("if", Kind::Plain),
    ("json_length", Kind::Short),
    ("json_unquote", Kind::Plain),
    ("last_day", Kind::Short),
    ("least", Kind::Plain),
    ("left", Kind::Plain),
    ("locate", Kind::Pattern(0)),
    ("minute", Kind::Short),
    ("month", Kind::Short),
    ("now", Kind::Short),
    ("quarter", Kind::Short),
    ("right", Kind::Plain),
    ("second", Kind::Short),
    ("std", Kind::Short),
    ("stddev", Kind::Short),
    ("subdate", Kind::Short),
    ("substring", Kind::Plain),
    ("truncate", Kind::Short),
    ("unix_timestamp", Kind::Short),
    ("utc_timestamp", Kind::Short),
    ("variance", Kind::Short),
    ("week", Kind::Short),
    ("weekday", Kind::Short),
    ("year", Kind::Short),
];

/// Functions that are written without parentheses.
const BARE: [&str; 3] = ["current_date", "current_time", "current_timestamp"];

/// The properties of the function with this name.
///
/// # Errors
///
/// Returns an error if it is not on the list.
pub(super) fn kind(grammar: Grammar, name: &str) -> Result<Kind> {
    let own = match grammar {
        Grammar::Sqlite => SQLITE,
        Grammar::MySql => MYSQL,
    };
    let mut listed = BOTH.iter().chain(own);
    match listed.find(|(listed, _)| name.eq_ignore_ascii_case(listed)) {
        Some((_, kind)) => Ok(*kind),
        None => Err(not_allowed(format_args!("the function `{name}`"))),
    }
}

/// Whether the name belongs to a function without parentheses.
pub(super) fn is_bare(name: &str) -> bool {
    BARE.iter().any(|bare| name.eq_ignore_ascii_case(bare))
}
