//! Events as lines of JSON: each line is counted once, whatever is in it.

#![no_main]
#![allow(dead_code, reason = "the sources hold more than is called here")]

#[path = "../../app/src/feed/lines.rs"]
mod lines;
#[path = "../../app/src/feed/record.rs"]
mod record;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tokio::io::BufReader;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

/// So short that a line can be too long.
const MOST: usize = 64;

fuzz_target!(|input: &[u8]| {
    RUNTIME.block_on(async {
        let topics = record::Topics::new(["user.login", "user.logout"]);
        // A small buffer, so that lines come in parts.
        let mut lines = lines::Lines::new(BufReader::with_capacity(7, input), MOST);
        let mut parts = input.split(|byte| *byte == b'\n');
        while let Some(line) = lines.next().await.expect("memory can be read") {
            let part = parts.next().expect("no more lines than there are");
            let part = part.strip_suffix(b"\r").unwrap_or(part);
            match line.bytes {
                Some(bytes) => {
                    assert_eq!(bytes, part);
                    if let Err(error) = record::Record::read(bytes, &topics) {
                        assert!(!error.to_string().is_empty());
                    }
                }
                None => assert!(part.len() >= MOST),
            }
        }
        assert!(parts.all(<[u8]>::is_empty));
    });
});
