//! `${…}` in a value: any text is filled in or refused, and a refusal has its place.

#![no_main]
#![allow(dead_code, reason = "the sources hold more than is called here")]

#[path = "parts/config.rs"]
mod config;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match config::fill(text) {
        Ok(filled) => {
            if !text.contains('$') {
                assert_eq!(filled, text);
            }
            assert!(filled.len() <= text.len());
        }
        Err(places) => {
            assert!(!places.is_empty());
            assert!(places.iter().all(|at| text.is_char_boundary(*at)));
        }
    }
});
