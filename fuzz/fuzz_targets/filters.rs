//! A filter of a tap, and data in the next line: any text is a filter or refused at a place, and what
//! is made of two filters lets through what the two of them do.

#![no_main]
#![allow(dead_code, reason = "the source holds more than is called here")]

#[path = "../../plugins/admin/src/tap/filter.rs"]
mod filter;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

use filter::TapFilter;

fuzz_target!(|text: &str| {
    let (condition, data) = text.split_once('\n').unwrap_or((text, "{}"));
    let data: Value = serde_json::from_str(data).unwrap_or_default();
    let filter = match TapFilter::parse(condition) {
        Ok(filter) => filter,
        Err(error) => {
            let end = condition.chars().count() + 1;
            assert!((1..=end).contains(&error.column), "{error}");
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let admits = filter.admits(&data);
    let other = "paid || !(user.id == \"a\")";
    let holds = TapFilter::parse(other).is_ok_and(|other| other.admits(&data));
    for (made, expected) in [
        (format!("!({condition})"), !admits),
        (format!("({condition}) && ({other})"), admits && holds),
        (format!("({condition}) || ({other})"), admits || holds),
        (format!(" {condition} "), admits),
    ] {
        // It may be too long or too deep by now.
        if let Ok(made) = TapFilter::parse(&made) {
            assert_eq!(made.admits(&data), expected, "{condition:?} {data}");
        }
    }
});
