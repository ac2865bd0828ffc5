//! What a query that was written anew is made of, told without its grammar.

/// Words that write, lock, or reach for what is no table. A collation may have any name.
const NEVER: &[&str] = &[
    "ATTACH",
    "ALTER",
    "BENCHMARK",
    "CALL",
    "CREATE",
    "DELETE",
    "DROP",
    "DUMPFILE",
    "EXPLAIN",
    "FOR",
    "INSERT",
    "INTO",
    "LOAD_EXTENSION",
    "LOAD_FILE",
    "LOCK",
    "OUTFILE",
    "PRAGMA",
    "PROCEDURE",
    "RANDOMBLOB",
    "RECURSIVE",
    "REPLACE",
    "SET",
    "SLEEP",
    "UPDATE",
    "VALUES",
    "ZEROBLOB",
];

/// Checks that outside of names and texts there are only words, digits and signs that do no harm,
/// and as many `?` as there are values.
pub(crate) fn check(written: &str, values: usize) {
    let bare = bare(written);
    assert!(
        bare.bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' '),
        "{written}"
    );
    for sign in ["--", "/*", "*/", "#", ";", "@", "\\", ":", "$", "{"] {
        assert!(!bare.contains(sign), "{sign} in {written}");
    }
    assert_eq!(bare.matches('?').count(), values, "{written}");
    let mut before = "";
    for word in bare.split(|char: char| !char.is_ascii_alphanumeric() && char != '_') {
        let is_free = before.eq_ignore_ascii_case("COLLATE");
        let never = NEVER.iter().any(|never| word.eq_ignore_ascii_case(never));
        assert!(is_free || !never, "{word} in {written}");
        before = if word.is_empty() { before } else { word };
    }
    assert!(bare.starts_with("SELECT ") || bare.starts_with("WITH ") || bare.starts_with('('));
}

/// The query without its names and texts, all of which have to end.
fn bare(written: &str) -> String {
    let mut bare = String::new();
    let mut rest = written;
    while let Some(at) = rest.find(['`', '\'']) {
        bare.push_str(&rest[..at]);
        // Where a text holds a quote, two of them follow each other, as an end and a beginning.
        let (quote, inner) = rest[at..].split_at(1);
        let (inner, after) = inner.split_once(quote).expect("what begins ends");
        assert!(!inner.chars().any(char::is_control), "{written:?}");
        assert!(quote == "`" || !inner.contains('\\'), "{written}");
        bare.push(' ');
        rest = after;
    }
    bare + rest
}
