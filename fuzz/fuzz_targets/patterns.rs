//! A pattern and a topic in the next line: it matches what the rule says, told by another way.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plugin_core::event::Pattern;

fuzz_target!(|text: &str| {
    let (pattern, topic) = text.split_once('\n').unwrap_or((text, "user.login"));
    let Ok(read) = Pattern::parse(pattern) else {
        return;
    };
    assert_eq!(read.to_string(), pattern);
    if Pattern::parse(topic).is_ok() && !topic.contains('*') {
        let words: Vec<&str> = pattern.split('.').collect();
        let segments: Vec<&str> = topic.split('.').collect();
        assert_eq!(read.matches(topic), matches(&words, &segments), "{text:?}");
    }
});

fn matches(words: &[&str], segments: &[&str]) -> bool {
    match (words, segments) {
        (["**"], [_, ..]) => true,
        ([], []) => true,
        ([word, words @ ..], [segment, segments @ ..]) => {
            (*word == "*" || word == segment) && matches(words, segments)
        }
        _ => false,
    }
}
