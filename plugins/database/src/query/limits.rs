//! The size limits of an event's query. Each limits another resource.

/// Longest text, in bytes.
pub(super) const LONGEST_TEXT: usize = 16 * 1024;

/// Most words and signs. A chain such as `1 + 1 + 1` is a tree of this depth when it is dropped.
pub(super) const MOST_WORDS: usize = 2_000;

/// Deepest nesting that the parser accepts; each level uses about ten kilobytes of the stack.
pub(super) const PARSER_DEPTH: usize = 20;

/// Deepest nesting of parentheses, because the parser tries some of them in two ways.
pub(super) const PARENTHESES: usize = 16;

/// Most `JOIN`s. The parser nests those without a condition, without counting.
pub(super) const MOST_JOINS: usize = 12;

/// Deepest nesting that the writer accepts.
pub(super) const WRITER_DEPTH: usize = 80;

/// Most tables, counted as often as `WITH` includes them, because the database expands them.
pub(super) const MOST_TABLES: usize = 64;

/// From how many values a value may be combined. With `||`, `CONCAT` and similar functions, a short
/// query could produce a text of any length.
pub(super) const MOST_COPIES: usize = 32;

/// Longest text of a pattern in bytes. A pattern is compared in one step that no time limit can
/// interrupt, and whose time is proportional to the text multiplied by the pattern.
pub(super) const LONGEST_PATTERN: usize = 128;

/// From how many texts a pattern may be combined.
pub(super) const PATTERN_COPIES: usize = 3;

/// Longest name, in characters.
pub(super) const LONGEST_NAME: usize = 64;
