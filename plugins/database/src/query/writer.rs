//! Writes a query anew while it is checked.
//!
//! Invariant: `out` contains only fixed words, names between backquotes, digits, texts between
//! quotes without a backslash, and one `?` for each of its parameters, in their order.

use plugin_core::{Error, Result};
use serde_json::Value;
use sqlparser::ast::{Ident, Value as Literal};

use super::limits::{LONGEST_PATTERN, MOST_COPIES, MOST_TABLES, PATTERN_COPIES, WRITER_DEPTH};
use super::{Checked, Grammar, names, not_allowed, refused};
use crate::param::Param;
use crate::schema::OpenTables;

/// The written text, with the values for its `?`.
#[derive(Default)]
pub(super) struct Text {
    pub(super) sql: String,
    params: Vec<Param>,
}

/// A name that a `WITH` defines.
pub(super) struct Common {
    pub(super) name: String,
    /// The text that is written for it.
    pub(super) written: String,
    /// The copies of its columns.
    pub(super) copies: usize,
    /// Number of tables that it includes.
    pub(super) tables: usize,
}

/// Writes what it has checked.
///
/// "Copies" are the number of values of a row or an event from which a value may be combined.
pub(super) struct Writer<'a> {
    pub(super) grammar: Grammar,
    pub(super) open: &'a OpenTables,
    given: &'a [Value],
    bound: usize,
    pub(super) out: Text,
    /// The definitions that are visible here, the innermost last.
    pub(super) common: Vec<Common>,
    /// Number of `WITH` names that were written so far.
    pub(super) made: usize,
    /// The copies of a column, for each `SELECT` that contains this place.
    pub(super) copies: Vec<usize>,
    pub(super) tables: usize,
    in_pattern: bool,
    depth: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(grammar: Grammar, open: &'a OpenTables, given: &'a [Value]) -> Self {
        Self {
            grammar,
            open,
            given,
            bound: 0,
            out: Text::default(),
            common: Vec::new(),
            made: 0,
            copies: Vec::new(),
            tables: 0,
            in_pattern: false,
            depth: 0,
        }
    }

    /// The written query.
    ///
    /// # Errors
    ///
    /// Returns an error if there are more values than `?`.
    pub(super) fn finish(self) -> Result<Checked> {
        if self.bound < self.given.len() {
            return Err(miscounted(self.bound, self.given.len()));
        }
        Ok(Checked {
            sql: self.out.sql,
            params: self.out.params,
        })
    }

    pub(super) fn push(&mut self, text: &str) {
        self.out.sql.push_str(text);
    }

    /// Writes a comma between the elements of a list.
    pub(super) fn comma(&mut self, index: usize) {
        if index > 0 {
            self.push(", ");
        }
    }

    pub(super) fn name(&mut self, name: &str) {
        self.push("`");
        self.push(name);
        self.push("`");
    }

    pub(super) fn ident(&mut self, ident: &Ident) -> Result<()> {
        let name = names::plain(ident)?;
        self.name(name);
        Ok(())
    }

    /// Writes a part that is inserted later.
    pub(super) fn aside<T>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<(Text, T)> {
        let before = std::mem::take(&mut self.out);
        let result = write(self);
        let text = std::mem::replace(&mut self.out, before);
        Ok((text, result?))
    }

    pub(super) fn append(&mut self, text: Text) {
        self.push(&text.sql);
        self.out.params.extend(text.params);
    }

    /// Goes one level deeper.
    pub(super) fn deeper<T>(&mut self, write: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        if self.depth > WRITER_DEPTH {
            return Err(refused("is not nested as deeply as this one"));
        }
        let result = write(self);
        self.depth -= 1;
        result
    }

    /// Counts tables.
    pub(super) fn add_tables(&mut self, tables: usize) -> Result<()> {
        self.tables += tables;
        if self.tables > MOST_TABLES {
            return Err(refused(format_args!(
                "reads at most {MOST_TABLES} tables, those of a `WITH` each time that it is used"
            )));
        }
        Ok(())
    }

    /// Limits how much longer than its parts a value may be.
    pub(super) fn bounded(&self, copies: usize) -> Result<usize> {
        let most = if self.in_pattern {
            PATTERN_COPIES
        } else {
            MOST_COPIES
        };
        if copies <= most {
            return Ok(copies);
        }
        Err(refused(format_args!(
            "puts at most {most} values together into one{}",
            if self.in_pattern { " pattern" } else { "" }
        )))
    }

    /// A column occurs here; returns from how many values it is combined.
    pub(super) fn column(&self) -> Result<usize> {
        if self.in_pattern {
            return Err(not_allowed("a column in a pattern or a format"));
        }
        Ok(self.copies.iter().copied().max().unwrap_or(1))
    }

    /// Writes a pattern or a format, which is short: see [`LONGEST_PATTERN`].
    pub(super) fn pattern(&mut self, write: impl FnOnce(&mut Self) -> Result<usize>) -> Result<()> {
        let outside = std::mem::replace(&mut self.in_pattern, true);
        self.push("(");
        let copies = write(self)?;
        self.bounded(copies)?;
        self.push(")");
        self.in_pattern = outside;
        Ok(())
    }

    /// Checks that columns may be read here, which is not the case inside a pattern.
    pub(super) fn reads(&self) -> Result<()> {
        self.column().map(drop)
    }

    /// Writes a value that stands in the query.
    pub(super) fn literal(&mut self, literal: &Literal) -> Result<()> {
        match literal {
            Literal::Number(digits, false) if is_number(digits) => self.push(digits),
            Literal::SingleQuotedString(text) | Literal::DoubleQuotedString(text) => {
                return self.text(text);
            }
            Literal::Boolean(true) => self.push("TRUE"),
            Literal::Boolean(false) => self.push("FALSE"),
            Literal::Null => self.push("NULL"),
            Literal::Placeholder(name) => return self.placeholder(name),
            _ => {
                return Err(not_allowed(
                    "this kind of value: bind it as a parameter, with a `?`",
                ));
            }
        }
        Ok(())
    }

    /// A text that the databases read differently becomes a parameter.
    pub(super) fn text(&mut self, text: &str) -> Result<()> {
        self.short(text.len())?;
        let odd = |char: char| char == '\\' || char.is_control();
        if text.contains(odd) {
            self.bind(Param::Text(text.to_owned()));
            return Ok(());
        }
        self.push("'");
        let inner = text.replace('\'', "''");
        self.push(&inner);
        self.push("'");
        Ok(())
    }

    fn placeholder(&mut self, name: &str) -> Result<()> {
        let number = name
            .strip_prefix('?')
            .and_then(|digits| digits.parse().ok());
        let Some(number) = number.filter(|number: &usize| *number > 0) else {
            return Err(not_allowed(format_args!(
                "the parameter `{}`: write a `?` for each value of `params`, in order",
                name.trim_start_matches('!')
            )));
        };
        let Some(value) = self.given.get(number - 1) else {
            return Err(miscounted(number, self.given.len()));
        };
        self.bound += 1;
        let param = Param::of(value)?;
        self.short(param.size())?;
        self.bind(param);
        Ok(())
    }

    fn bind(&mut self, param: Param) {
        self.push("?");
        self.out.params.push(param);
    }

    fn short(&self, length: usize) -> Result<()> {
        if self.in_pattern && length > LONGEST_PATTERN {
            return Err(refused(format_args!(
                "has patterns and formats of {LONGEST_PATTERN} bytes at most, not {length}"
            )));
        }
        Ok(())
    }
}

fn is_number(text: &str) -> bool {
    let digit = text.chars().any(|char| char.is_ascii_digit());
    let rest = |char: char| char.is_ascii_digit() || matches!(char, '.' | 'e' | 'E' | '+' | '-');
    digit && text.len() <= 40 && text.chars().all(rest)
}

fn miscounted(marks: usize, values: usize) -> Error {
    Error::external(format!(
        "`params` has {values} values for {marks} `?` of the query: there has to be one for each"
    ))
}
