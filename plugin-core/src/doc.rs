//! The first paragraph of a doc comment that a macro creates, such as `#[doc = concat!(…)]`. Only
//! rustc knows the text, so `#[plugin]`, `#[event]` and `#[service]` leave it to constants.

/// The number of bytes of the first paragraph, written on one line.
#[must_use]
pub const fn summary_len(doc: &str) -> usize {
    copy(doc.as_bytes(), &mut [])
}

/// The first paragraph, on one line; `N` is [`summary_len`].
#[must_use]
pub const fn summary<const N: usize>(doc: &str) -> [u8; N] {
    let mut summary = [0; N];
    copy(doc.as_bytes(), &mut summary);
    summary
}

/// The text of a summary.
///
/// # Panics
///
/// Panics if `summary` is not UTF-8, which can't happen: lines are cut only at spaces and line
/// ends, which are not part of another character.
#[must_use]
pub const fn text(summary: &'static [u8]) -> &'static str {
    match str::from_utf8(summary) {
        Ok(text) => text,
        Err(_) => panic!("a summary is a part of a text"),
    }
}

/// Copies the lines of the first paragraph, as far as there is room; returns their length.
const fn copy(doc: &[u8], to: &mut [u8]) -> usize {
    let (mut at, mut len) = (0, 0);
    while at < doc.len() {
        let mut end = at;
        while end < doc.len() && doc[end] != b'\n' {
            end += 1;
        }
        let line = doc.split_at(end).0.split_at(at).1.trim_ascii();
        if line.is_empty() && len > 0 {
            return len;
        }
        if !line.is_empty() {
            if len > 0 {
                put(b' ', len, to);
                len += 1;
            }
            let mut byte = 0;
            while byte < line.len() {
                put(line[byte], len, to);
                byte += 1;
                len += 1;
            }
        }
        at = end + 1;
    }
    len
}

const fn put(byte: u8, at: usize, to: &mut [u8]) {
    if at < to.len() {
        to[at] = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::{summary, summary_len, text};

    const DOC: &str = "\n  Greets users\n who log in, häppily.  \n\n More.\n";

    #[test]
    fn the_first_paragraph_is_on_one_line() {
        const SUMMARY: &[u8] = &summary::<{ summary_len(DOC) }>(DOC);
        assert_eq!(text(SUMMARY), "Greets users who log in, häppily.");
        assert_eq!((summary_len(""), summary_len("\n \n")), (0, 0));
    }
}
