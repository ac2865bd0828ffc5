//! Events as lines of JSON: each line is counted once, whatever is in it, and what is read as an
//! event is one.

#![no_main]
#![allow(dead_code, reason = "the sources hold more than is called here")]

#[path = "../../app/src/feed/lines.rs"]
mod lines;
#[path = "../../app/src/feed/record.rs"]
mod record;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use record::{Record, Topics};
use serde_json::Value;
use tokio::io::BufReader;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

const TOPICS: [&str; 2] = ["user.login", "user.logout"];

/// So short that a line can be too long.
const MOST: usize = 64;

const MARK: &[u8] = b"\xef\xbb\xbf";

fuzz_target!(|input: &[u8]| {
    RUNTIME.block_on(async {
        let topics = Topics::new(TOPICS);
        // A small buffer, so that lines come in parts.
        let mut lines = lines::Lines::new(BufReader::with_capacity(7, input), MOST);
        let mut parts = input.split(|byte| *byte == b'\n');
        let mut number = 0;
        while let Some(line) = lines.next().await.expect("memory can be read") {
            number += 1;
            assert_eq!(line.number, number);
            let part = parts.next().expect("no more lines than there are");
            match line.bytes {
                Some(bytes) => {
                    let part = part.strip_suffix(b"\r").unwrap_or(part);
                    let mark = if number == 1 { MARK } else { b"" };
                    assert_eq!(bytes, part.strip_prefix(mark).unwrap_or(part));
                    read(bytes, &topics);
                }
                None => assert!(part.len() > MOST),
            }
        }
        assert_eq!(lines.consumed(), input.len() as u64);
        assert!(parts.all(<[u8]>::is_empty));
    });
});

fn read(bytes: &[u8], topics: &Topics) {
    match Record::read(bytes, topics) {
        Ok(record) => {
            assert!(TOPICS.contains(&&*record.topic));
            // A number that nothing holds is seen by who reads the data.
            let data: Option<Value> = serde_json::from_str(record.data.get()).ok();
            let whole: Option<Value> = serde_json::from_slice(bytes).ok();
            let whole = whole.map(|mut whole| (whole["type"].take(), whole["data"].take()));
            assert_eq!(whole, data.map(|data| (Value::from(&*record.topic), data)));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
