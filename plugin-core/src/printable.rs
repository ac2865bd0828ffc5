//! Text from outside, made safe to print for people: on a terminal, in a log, in a report.
//!
//! A terminal obeys some characters instead of showing them. Control characters (C0, DEL and C1)
//! move the cursor, set colours or begin a forged line; bidirectional controls change the order
//! in which the rest of the line is shown; characters of no width let two different texts look
//! alike. The functions of this module replace each of them by a visible escape, as in Rust and
//! JSON: `\n`, `\u{1b}`, `\u{202e}`. All other text, in every script, stays as it is.
//!
//! # Example
//!
//! ```
//! use plugin_core::printable;
//!
//! let user = "ann\u{1b}[2J\r\nERROR \u{202e}drowssap";
//! assert_eq!(printable::line(user), r"ann\u{1b}[2J\r\nERROR \u{202e}drowssap");
//! assert_eq!(printable::line("欢迎 ann"), "欢迎 ann");
//! ```

use std::borrow::Cow;
use std::fmt::Write as _;

/// A text as a part of one line: everything that a terminal would obey is escaped, including line
/// ends.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_obeyed, write_rust)
}

/// A text of several lines: like [`line()`], but line feeds are kept. Parts from outside have to be
/// passed through [`line()`] before, because otherwise they could add lines of their own.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |char| char != '\n' && is_obeyed(char), write_rust)
}

/// A JSON document. Its strings may contain characters that JSON allows and a terminal obeys; they
/// become `\u` escapes, so that the meaning of the document stays the same.
#[must_use]
pub fn json(document: &str) -> Cow<'_, str> {
    // JSON has no such characters outside of strings, and no C0 control characters within them.
    escaped(
        document,
        |char| char > '\u{7e}' && is_obeyed(char),
        write_json,
    )
}

/// Whether a terminal, or a reader, obeys a character instead of seeing it. These are control
/// characters, line and paragraph separators, bidirectional controls, the characters that Unicode
/// lists as `Default_Ignorable_Code_Point` or as format controls without a shape, and the blank
/// Braille pattern. The two variation selectors of emoji are not included, because they only choose
/// a picture and hide nothing.
#[must_use]
pub const fn is_obeyed(char: char) -> bool {
    matches!(char,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn escaped(
    text: &str,
    chosen: impl Fn(char) -> bool,
    write: impl Fn(&mut String, char),
) -> Cow<'_, str> {
    let Some(first) = text.find(&chosen) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for char in text[first..].chars() {
        if chosen(char) {
            write(&mut out, char);
        } else {
            out.push(char);
        }
    }
    Cow::Owned(out)
}

fn write_rust(out: &mut String, char: char) {
    out.extend(char.escape_default());
}

fn write_json(out: &mut String, char: char) {
    for unit in char.encode_utf16(&mut [0; 2]) {
        // Writing to a string does not fail.
        let _infallible = write!(out, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_a10_what_a_terminal_obeys_is_shown() {
        for (text, shown) in [
            ("a\u{1b}[2Jb", r"a\u{1b}[2Jb"),
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\u{7f}\u{85}\u{9b}31m", r"\u{7f}\u{85}\u{9b}31m"),
            ("\u{2028}\u{2029}", r"\u{2028}\u{2029}"),
            (
                "\u{202e}\u{2066}\u{200f}\u{61c}",
                r"\u{202e}\u{2066}\u{200f}\u{61c}",
            ),
            (
                "\u{200b}\u{200d}\u{2060}\u{feff}\u{ad}",
                r"\u{200b}\u{200d}\u{2060}\u{feff}\u{ad}",
            ),
            ("\u{e0041}\u{3164}", r"\u{e0041}\u{3164}"),
            ("ann\u{2800}", r"ann\u{2800}"),
        ] {
            assert_eq!(line(text), shown);
        }
    }

    #[test]
    fn text_in_every_script_stays() {
        let text = r#"欢迎 “ann” C:\dir नमस्ते ไทย é ❤️ {"a": 1}"#;
        assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
        assert_eq!(lines("one\ntwo\r"), "one\ntwo\\r");
    }

    #[test]
    fn json_says_the_same_and_holds_nothing_that_is_obeyed() {
        let value: serde_json::Value = ["\u{1b}\u{9b}\u{7f}\u{202e}\u{e0041}\n欢"]
            .as_slice()
            .into();
        let document = serde_json::to_string_pretty(&value).unwrap();
        let shown = json(&document);
        assert!(
            !shown.chars().any(|char| char != '\n' && is_obeyed(char)),
            "{shown}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
            value
        );
    }
}
