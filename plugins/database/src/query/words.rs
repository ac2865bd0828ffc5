//! Converts text to words, and words to a syntax tree, within limits.

use plugin_core::{Error, Result};
use sqlparser::ast::Query;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};

use super::limits::{LONGEST_TEXT, MOST_JOINS, MOST_WORDS, PARENTHESES, PARSER_DEPTH};
use super::{Grammar, refused};

/// The syntax tree of the only query of a text.
///
/// # Errors
///
/// Returns an error if it is too large, contains comments, or is not exactly one query.
pub(super) fn parse(grammar: Grammar, text: &str) -> Result<Box<Query>> {
    if text.len() > LONGEST_TEXT {
        return Err(refused(format_args!(
            "has {LONGEST_TEXT} bytes at most, not {}: bind long values as parameters",
            text.len()
        )));
    }
    let mut words = words(grammar, text)?;
    bounded(&words)?;
    number_placeholders(&mut words);
    let mut parser = Parser::new(grammar.dialect())
        .with_recursion_limit(PARSER_DEPTH)
        .with_tokens_with_locations(words);
    if !matches!(parser.peek_token().token, Token::Word(word) if starts_query(word.keyword)) {
        return Err(refused("starts with `SELECT` or `WITH`"));
    }
    let query = parser.parse_query().map_err(|error| unread(&error))?;
    while parser.consume_token(&Token::SemiColon) {}
    match parser.peek_token().token {
        Token::EOF => Ok(query),
        more => Err(refused(format_args!(
            "ends before `{more}`: it is one statement"
        ))),
    }
}

/// Checks that a statement of a plugin is a single `SELECT` (or `WITH … SELECT`), and returns it
/// without the semicolon at its end. Plugins are trusted; this finds their mistakes.
///
/// # Errors
///
/// Returns an error that says why it is not such a statement.
pub(crate) fn single_select(grammar: Grammar, query: &str) -> Result<&str> {
    let query = query.trim().trim_end_matches(';').trim_end();
    let words = words(grammar, query)?;
    let is = |wanted| move |word: &&TokenWithSpan| matches!(&word.token, Token::Word(word) if word.quote_style.is_none() && word.keyword == wanted);
    let first = words
        .iter()
        .find(|word| !matches!(word.token, Token::Whitespace(_)));
    match first.map(|word| &word.token) {
        Some(Token::Word(word)) if starts_query(word.keyword) => {}
        _ => return Err(mistaken("starts with `SELECT` or `WITH`")),
    }
    if words.iter().any(|word| word.token == Token::SemiColon) {
        return Err(mistaken("is one statement, without `;` inside"));
    }
    if words.iter().any(|word| is(Keyword::INTO)(&word)) {
        return Err(mistaken("has no `INTO`: it writes nowhere"));
    }
    Ok(query)
}

fn mistaken(why: &str) -> Error {
    Error::external(format!("not a query: a query {why}"))
}

fn starts_query(word: Keyword) -> bool {
    matches!(word, Keyword::SELECT | Keyword::WITH)
}

fn words(grammar: Grammar, text: &str) -> Result<Vec<TokenWithSpan>> {
    let words = Tokenizer::new(grammar.dialect(), text)
        .tokenize_with_location()
        .map_err(|error| Error::external(format!("not a query: {error}")))?;
    let comment = words.iter().any(|word| {
        matches!(
            word.token,
            Token::Whitespace(
                Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)
            )
        )
    });
    if comment {
        return Err(mistaken("has no comments"));
    }
    Ok(words)
}

fn bounded(words: &[TokenWithSpan]) -> Result<()> {
    let (mut count, mut open, mut joins) = (0, 0_usize, 0);
    for word in words {
        match word.token {
            Token::Whitespace(_) => continue,
            Token::LParen => open += 1,
            Token::RParen => open = open.saturating_sub(1),
            Token::Word(ref word) if word.keyword == Keyword::JOIN => joins += 1,
            _ => {}
        }
        count += 1;
        if joins > MOST_JOINS {
            return Err(refused(format_args!("has at most {MOST_JOINS} `JOIN`s")));
        }
        if open > PARENTHESES {
            return Err(refused(format_args!(
                "has at most {PARENTHESES} parentheses inside each other"
            )));
        }
    }
    if count > MOST_WORDS {
        return Err(refused(format_args!(
            "has at most {MOST_WORDS} words and signs, not {count}"
        )));
    }
    Ok(())
}

/// Replaces `?` by `?1`, `?2`, …, so that the tree can be walked in any order. Placeholders with a
/// number in the text are marked, so that they are refused.
fn number_placeholders(words: &mut [TokenWithSpan]) {
    let mut count = 0_usize;
    for word in words {
        if let Token::Placeholder(name) = &mut word.token {
            if name == "?" {
                count += 1;
                *name = format!("?{count}");
            } else {
                name.insert(0, '!');
            }
        }
    }
}

fn unread(error: &ParserError) -> Error {
    match error {
        ParserError::RecursionLimitExceeded => refused("is not nested as deeply as this one"),
        ParserError::TokenizerError(why) | ParserError::ParserError(why) => {
            Error::external(format!("not a query: {why}"))
        }
    }
}
