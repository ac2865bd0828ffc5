//! A config file: any text loads or is refused, and each mistake can be printed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plugin_core::Composition;
use plugin_core::config::{Sources, load};

static NOTHING: Composition = Composition::proven(&[], &[], &[]);

fuzz_target!(|text: &str| {
    if let Err(error) = load(&Sources::new().embedded("fuzz", text), &NOTHING) {
        let told = error.to_string();
        assert!(!told.is_empty());
        assert!(
            !told.chars().any(|c| c.is_control() && c != '\n'),
            "{told:?}"
        );
    }
});
