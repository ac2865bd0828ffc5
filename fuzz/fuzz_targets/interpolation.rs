//! `${…}` in a value: any text is filled in within bounds or refused at its places, and text that
//! was escaped comes out as it was.

#![no_main]
#![allow(dead_code, reason = "the sources hold more than is called here")]

#[path = "parts/config.rs"]
mod config;

use libfuzzer_sys::fuzz_target;

/// Bytes of variables that may be filled in.
const ROOM: usize = 100;

fuzz_target!(|text: &str| {
    let mut room = ROOM;
    match config::fill(text, &mut room) {
        Ok(filled) => {
            if !text.contains('$') {
                assert_eq!(filled, text);
            }
            assert!(room <= ROOM);
            assert!(filled.len() <= text.len() + ROOM - room, "{filled}");
        }
        Err(places) => {
            assert!((1..=10).contains(&places.len()));
            assert!(places.iter().all(|at| text.is_char_boundary(*at)));
        }
    }
    let escaped = text.replace("${", "$${").replace("$}", "$$}");
    assert_eq!(
        config::fill(&escaped, &mut 0).as_deref(),
        Ok(text),
        "{escaped}"
    );
});
