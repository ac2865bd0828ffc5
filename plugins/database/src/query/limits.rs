//! How large a query of an event may be. Each bound keeps something else from growing without end.

/// Longest text, in bytes.
pub(super) const LONGEST_TEXT: usize = 16 * 1024;

/// Most words and signs. A chain such as `1 + 1 + 1` is a tree of that depth when it is dropped.
pub(super) const MOST_WORDS: usize = 2_000;

/// Deepest nesting that the parser follows; each level takes some ten kilobytes of the stack.
pub(super) const PARSER_DEPTH: usize = 20;

/// Most parentheses inside each other: the parser tries some of them in two ways.
pub(super) const PARENTHESES: usize = 16;

/// Most `JOIN`s. The parser nests those that have no condition, without counting.
pub(super) const MOST_JOINS: usize = 12;

/// Deepest nesting that the writer follows.
pub(super) const WRITER_DEPTH: usize = 80;

/// Most tables, each counted as often as `WITH` brings it in: the database unfolds them.
pub(super) const MOST_TABLES: usize = 64;

/// How many values a value may be put together of: with `||`, `CONCAT` and the like a short query
/// could make a text of any length.
pub(super) const MOST_COPIES: usize = 32;

/// Longest text in a pattern, in bytes. A pattern is compared in one step that no time limit can
/// interrupt, and which takes as long as the text times the pattern.
pub(super) const LONGEST_PATTERN: usize = 128;

/// How many texts a pattern may be put together of.
pub(super) const PATTERN_COPIES: usize = 3;

/// Longest name, in characters.
pub(super) const LONGEST_NAME: usize = 64;
