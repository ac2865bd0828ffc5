//! Makes texts, lines and numbers safe to send: without characters that a protocol or a screen
//! obeys.
//!
//! A line protocol obeys control characters, and an SMTP server a lone CR before a dot. They are
//! removed where texts enter a message, not separately for each protocol. Characters that change
//! the direction of text (U+202A to U+202E, U+2066 to U+2069) are removed too, because they make a
//! text look like another one.

/// A text of several lines: each ends with LF, and the only other control character is the
/// tabulator.
pub(crate) fn text(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace(is_line_end, "\n");
    lines.replace(|c| c != '\n' && c != '\t' && is_obeyed(c), "")
}

/// A text on one line: words separated by spaces.
pub(crate) fn line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    let words: Vec<String> = (words.filter(|word| !word.is_empty()))
        .map(|word| word.replace(is_obeyed, ""))
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// Whether a text contains characters that no address or setting contains.
pub(crate) fn is_foul(text: &str) -> bool {
    text.contains(|c| is_line_end(c) || is_obeyed(c))
}

/// Whether a text can be a telephone number: digits, optionally after a `+`, and the characters
/// that people write between them.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rest = text.strip_prefix('+').unwrap_or(text);
    (1..=32).contains(&digits)
        && text.len() <= 64
        && rest
            .chars()
            .all(|c| c.is_ascii_digit() || " -().".contains(c))
}

/// Whether a character ends a line according to Unicode.
fn is_line_end(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_a11_every_end_of_a_line_becomes_one() {
        let lines = "a\rb\nc\r\nd\r\re\u{b}f\u{c}g\u{85}h\u{2028}i\u{2029}j\n\rk";
        assert_eq!(text(lines), "a\nb\nc\nd\n\ne\nf\ng\nh\ni\nj\n\nk");
        assert_eq!(
            text("a\t王\u{0}\u{1b}[2J\u{7f}\u{9b}b\u{202e}c"),
            "a\t王[2Jbc"
        );
        assert!(!text("\r.\r\nQUIT\r.\r").contains('\r'));
    }

    #[test]
    fn report_a11_a_line_is_one() {
        assert_eq!(
            line("x\r\nBcc: all@example.com\r\n\r\nbody"),
            "x Bcc: all@example.com body"
        );
        assert_eq!(line(" a\u{0}b\u{2028}c \u{202e} d"), "a b c d");
        assert_eq!(line("\r\n\t"), "");
    }

    #[test]
    fn report_a11_a_number_has_digits_and_what_stands_between_them() {
        for number in ["+8613800000000", "100", "+1 (555) 010-99.9"] {
            assert!(is_number(number), "{number}");
        }
        for other in [
            "", "+", "1\r\n2", "12;ext=3", "1\u{0}", "one", "１２", "1+2",
        ] {
            assert!(!is_number(other), "{other:?}");
        }
        assert!(!is_number(&"1".repeat(33)));
    }
}
