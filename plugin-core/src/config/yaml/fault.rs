//! Translates the message of a parser about invalid YAML into a sentence that says what to do.

use super::no_tag;
use super::tree::too_deep;

const QUOTE: &str = "a text in quotes begins here and does not end: write the closing quote, and indent the \
    lines that the text goes on in";
const TAB: &str = "a tab can't indent a line: write spaces";
const COLON: &str = "a key can't stand here: begin it on a line of its own, close what is open \
    before it, and put a text that holds `: ` in quotes";
const COLUMN: &str = "this line is indented unlike the keys or items around it: give it as many \
    spaces as those beside it have, or more than the one that it belongs to";
const ESCAPE: &str = "`\\` begins no escape that there is: write `\\\\` for a backslash, or put the \
    text in single quotes";
const BLOCK: &str = "the text after `|` or `>` begins on the next line, indented with spaces: write \
    nothing else behind the sign, or put the text in quotes";
const MARK: &str = "`%`, `---` and `...` at the beginning of a line have a meaning of their own: put \
    the text in quotes, or take the line away";
const NAME: &str = "`*` and `&` begin the name of an anchor, and there is none of this name: put \
    the text in quotes";

/// Words in a parser's message, and the sentence that replaces it. The first match counts.
const SENTENCES: [(&str, &str); 32] = [
    ("tab", TAB),
    ("escape", ESCAPE),
    ("hexadecimal", ESCAPE),
    (
        "trailing content",
        "the line goes on behind the closing quote: put all of the text in the quotes",
    ),
    ("quoted scalar", QUOTE),
    (
        "unexpected character",
        "a text can't begin with this character: put it in quotes",
    ),
    ("mapping values", COLON),
    ("mapping keys", COLON),
    ("':' indicator", COLON),
    ("expect ':'", COLON),
    ("simple key", COLON),
    (
        "flow mapping",
        "the section that a `{` opened{line} is not closed before this: write a comma or `}`, and \
         put a text that holds `: `, brackets or braces in quotes",
    ),
    (
        "flow sequence",
        "the list that a `[` opened{line} is not closed before this: write a comma or `]`, and put \
         a text that holds brackets or braces in quotes",
    ),
    (
        "flow construct",
        "what a bracket or brace opened goes on in a line that is not indented: indent it, or \
         close what is open before it",
    ),
    (
        "misplaced bracket",
        "a bracket or brace closes what none opened: take it away, or put the text in quotes",
    ),
    ("block scalar", BLOCK),
    ("block mapping", COLUMN),
    ("block collection", COLUMN),
    ("sequence entries", COLUMN),
    ("indentation", COLUMN),
    ("node content", COLUMN),
    ("anchor", NAME),
    ("directive", MARK),
    ("document", MARK),
    ("version", MARK),
    (
        "unprintable",
        "a control character stands here: take it away, or write it as an escape in double quotes",
    ),
    (
        "comment",
        "a comment stands within a text of several lines: move it before the key",
    ),
    (
        "cannot start with '-'",
        "a text can't begin with `-` and a comma or bracket: put it in quotes",
    ),
    (
        "plain scalar",
        "the text ends where it may not: put it in quotes",
    ),
    (
        "whitespace",
        "a blank is wanted here: write one, or put the text in quotes",
    ),
    ("eof", QUOTE),
    ("next token", COLON),
];

/// The sentence for the character with the number zero.
pub(super) const NUL: &str = "a NUL character, a byte of zero, stands here: take it away, or write \
    `\\0` in double quotes";

/// The sentence. The parser's own words may contain a character of the text, and so of a secret.
/// `opened` is the line of the beginning of a part that is not closed yet.
pub(super) fn told(parser: &str, opened: Option<usize>) -> String {
    // The parser itself supports at most 255 open brackets.
    if parser == "recursion limit exceeded" {
        return too_deep();
    }
    let is_of_tags = ["a tag", "TAG", "global tag", "verbatim", "handle"];
    if is_of_tags.iter().any(|word| parser.contains(word)) {
        return no_tag();
    }
    let sentence = SENTENCES.iter().find(|(words, _)| parser.contains(words));
    let other = "the text is no YAML from here on: look at the indentation, the quotes and the \
        brackets of this line and of the one before";
    let line = opened.map_or(String::new(), |line| format!(" in line {line}"));
    sentence
        .map_or(other, |(_, sentence)| sentence)
        .replace("{line}", &line)
}
