//! A query of an event, and after a zero byte the JSON list of its `params`: it is refused, or
//! written anew as a query that passes its own check, and that SQLite knows to read the listed
//! columns and nothing else.
//!
//! An input that begins with a byte 1 is a query word by word: each byte after it is a word of a
//! list, so that the fuzzer changes whole words, and many more queries make sense.

#![no_main]

#[path = "parts/sqlite.rs"]
mod sqlite;
#[path = "parts/vocabulary.rs"]
mod vocabulary;
#[path = "parts/words.rs"]
mod words;

use std::cell::LazyCell;

use libfuzzer_sys::fuzz_target;
use plugin_database::rewritten;
use serde_json::{Value, json};
use sqlite::Oracle;

/// What events may ask for. The tables of [`sqlite`] hold more.
const TABLES: &[(&str, &[&str])] = &[
    ("orders", &["id", "total", "user"]),
    ("notes", &["id", "text"]),
];

thread_local! {
    static ORACLE: LazyCell<Oracle> = const { LazyCell::new(Oracle::open) };
}

fuzz_target!(|input: &[u8]| {
    if let Some(words) = input.strip_prefix(&[1]) {
        check(&vocabulary::query(words));
    } else if let Ok(text) = std::str::from_utf8(input) {
        check(text);
    }
});

fn check(input: &str) {
    let (query, given) = match input.split_once('\0') {
        Some((query, given)) => match serde_json::from_str(given) {
            Ok(given) => (query, given),
            Err(_) => return,
        },
        None => (input, vec![json!("x"); input.matches('?').count().min(64)]),
    };
    for is_mysql in [false, true] {
        let (written, values) = match rewritten(is_mysql, query, &given, TABLES) {
            Ok(written) => written,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        words::check(&written, values);
        again(is_mysql, &written, values);
        if !is_mysql {
            let longest = given.iter().map(|value| value.to_string().len()).max();
            let longest = query.len().max(longest.unwrap_or(0));
            ORACLE.with(|oracle| oracle.check(&written, values, longest));
        }
    }
}

/// What was written is a query of an event itself, if it is not too large for one by now.
fn again(is_mysql: bool, written: &str, values: usize) {
    let given = vec![Value::from("x"); values];
    if let Err(error) = rewritten(is_mysql, written, &given, TABLES) {
        let error = error.to_string();
        let is_bound = [" at most", "as deeply as"]
            .iter()
            .any(|it| error.contains(it));
        assert!(is_bound, "{written}: {error}");
    }
}
