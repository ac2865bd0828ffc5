//! How many brackets are open at once, before the parser sees them: it looks at each that is open
//! for every word it reads, so a hundred thousand of them take it many seconds.

/// More than may be nested, so that what only looks like nesting passes: the parser knows better.
const MOST: usize = 256;

/// Line and column at which more brackets are open than any text needs.
///
/// What is quoted is known only to the parser, so the brackets are counted with and without what
/// looks like it.
pub(super) fn too_deep(text: &str) -> Option<(usize, usize)> {
    let (mut all, mut unquoted) = (0_usize, 0_usize);
    let (mut quote, mut before) = (None, b'\n');
    for (at, byte) in text.bytes().enumerate() {
        let step = match byte {
            b'[' | b'{' => 1,
            b']' | b'}' => -1,
            _ => 0,
        };
        all = all.saturating_add_signed(step);
        match quote {
            Some(mark) if byte == mark && before != b'\\' => quote = None,
            Some(_) => {}
            None if matches!(byte, b'"' | b'\'') && !before.is_ascii_alphanumeric() => {
                quote = Some(byte);
            }
            None => unquoted = unquoted.saturating_add_signed(step),
        }
        if all.max(unquoted) > MOST {
            return Some(place(&text[..at]));
        }
        before = byte;
    }
    None
}

fn place(before: &str) -> (usize, usize) {
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}
