//! What a query may be: one `SELECT`, without comments, that writes nowhere.
//!
//! The text is split into words the way both databases do it. Where they differ, or where a
//! difference could hide something from the check, the query is refused: values belong into
//! parameters, and then none of it is needed.

use std::collections::BTreeSet;
use std::str::CharIndices;

use plugin_core::{Error, Result};

/// A piece of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A keyword or a bare name, in lower case.
    Word(String),
    /// What stands between quotes of any kind, in lower case.
    Quoted(String),
    /// A semicolon.
    End,
}

/// Checks that a text is a single `SELECT` (or `WITH … SELECT`) and returns it without the
/// semicolon at its end.
///
/// # Errors
///
/// When it is not, says why.
pub(crate) fn single_select(query: &str) -> Result<&str> {
    let query = query.trim().trim_end_matches(';').trim_end();
    let tokens = tokens(query)?;
    match tokens.first() {
        Some(Token::Word(word)) if word == "select" || word == "with" => {}
        _ => return Err(refused("starts with `SELECT` or `WITH`")),
    }
    if tokens.contains(&Token::End) {
        return Err(refused("is one statement, without `;` inside"));
    }
    let into = tokens
        .iter()
        .any(|token| matches!(token, Token::Word(word) if word == "into"));
    if into {
        return Err(refused("has no `INTO`: it writes nowhere"));
    }
    Ok(query)
}

/// Checks that a query names none of the given tables, in whatever kind of quotes. `private` is
/// in lower case.
///
/// # Errors
///
/// When it does, names the table.
pub(crate) fn names_none_of(query: &str, private: &BTreeSet<String>) -> Result<()> {
    for token in tokens(query)? {
        if let Token::Word(name) | Token::Quoted(name) = token
            && private.contains(&name)
        {
            return Err(Error::external(format!(
                "table `{name}` is not open to events: list it under `tables` of the config, or \
                 bind `{name}` as a parameter if it is a value"
            )));
        }
    }
    Ok(())
}

fn refused(why: &str) -> Error {
    Error::external(format!("not a query: a query {why}"))
}

fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices();
    while let Some((at, char)) = rest.next() {
        match char {
            '\'' | '"' | '`' => tokens.push(Token::Quoted(quoted(char, &mut rest)?)),
            ';' => tokens.push(Token::End),
            '#' | '[' | '\\' => return Err(no_such(char)),
            '-' if text[at..].starts_with("--") => return Err(no_such("--")),
            '/' if text[at..].starts_with("/*") => return Err(no_such("/*")),
            char if is_name(char) => tokens.push(Token::Word(word(&text[at..], &mut rest))),
            _ => {}
        }
    }
    Ok(tokens)
}

fn no_such(what: impl std::fmt::Display) -> Error {
    refused(&format!(
        "has no `{what}` outside of quotes: neither comments nor other quotes than ', \" and `"
    ))
}

fn is_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '$'
}

fn word(text: &str, rest: &mut CharIndices<'_>) -> String {
    let word: String = text.chars().take_while(|&char| is_name(char)).collect();
    for _ in word.chars().skip(1) {
        rest.next();
    }
    word.to_lowercase()
}

/// The text up to the closing quote; a doubled quote stands for itself. A backslash is refused:
/// only one of the databases reads it as an escape.
fn quoted(quote: char, rest: &mut CharIndices<'_>) -> Result<String> {
    let mut text = String::new();
    while let Some((_, char)) = rest.next() {
        if char == '\\' {
            return Err(refused(
                "has no `\\` between quotes: bind the value as a parameter",
            ));
        }
        if char != quote {
            text.push(char);
        } else if rest.as_str().starts_with(quote) {
            rest.next();
            text.push(quote);
        } else {
            return Ok(text.to_lowercase());
        }
    }
    Err(refused("closes its quotes"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accepts(query: &str) {
        assert!(
            single_select(query).is_ok(),
            "{query}: {:?}",
            single_select(query)
        );
    }

    fn refuses(query: &str) {
        assert!(single_select(query).is_err(), "{query}");
    }

    #[test]
    fn queries_pass() {
        accepts("SELECT * FROM orders WHERE user_id = ?");
        accepts("  select 1;  ");
        accepts("WITH a AS (SELECT 1) SELECT * FROM a");
        accepts("SELECT 'a;b', 'it''s', \"into\", `delete` FROM t");
        accepts("SELECT a-1, b / 2 FROM t");
    }

    #[test]
    fn everything_else_is_refused() {
        for query in [
            "",
            "DELETE FROM orders",
            "SELECT 1; DELETE FROM orders",
            "SELECT 1 -- a comment",
            "SELECT 1 /*! INTO OUTFILE 'x' */",
            "SELECT 1 # a comment",
            "SELECT 1 INTO OUTFILE '/tmp/x'",
            "SELECT a InTo @b FROM t",
            "SELECT [a'b]; DELETE FROM orders; --'",
            r"SELECT '\'; DELETE FROM orders; -- '",
            "SELECT 'open",
            "PRAGMA query_only = 0",
            "EXPLAIN SELECT 1",
        ] {
            refuses(query);
        }
    }

    #[test]
    fn a_private_table_is_found_in_any_quotes() {
        let private = BTreeSet::from(["users".to_owned()]);
        for query in [
            "SELECT * FROM users",
            "SELECT * FROM USERS",
            "SELECT * FROM main.\"users\"",
            "SELECT * FROM 'Users'",
            "SELECT * FROM `users` u",
            "SELECT a FROM t WHERE b IN (SELECT c FROM users)",
        ] {
            assert!(names_none_of(query, &private).is_err(), "{query}");
        }
        assert!(names_none_of("SELECT user_id FROM users_seen", &private).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            drop(single_select(&text));
        }

        #[test]
        fn what_is_between_quotes_hides_nothing(text in "[^\\\\]{0,20}", quote in "['\"`]") {
            let text = text.replace(&quote, &quote.repeat(2));
            let query = format!("SELECT {quote}{text}{quote}");
            prop_assert!(single_select(&query).is_ok());
            let second = format!("{query}; DELETE FROM t");
            prop_assert!(single_select(&second).is_err());
        }
    }
}
