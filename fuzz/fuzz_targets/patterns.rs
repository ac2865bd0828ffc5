//! A pattern and a topic in the next line: it matches what the rule says, told by another way.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plugin_core::event::Pattern;

fuzz_target!(|text: &str| {
    let (pattern, topic) = text.split_once('\n').unwrap_or((text, "user.login"));
    let read = Pattern::parse(pattern);
    assert_eq!(read.is_ok(), is_pattern(pattern), "{pattern:?}");
    let Ok(read) = read else {
        return;
    };
    assert_eq!(read.to_string(), pattern);
    if is_pattern(topic) && !topic.contains('*') {
        let words: Vec<&str> = pattern.split('.').collect();
        let segments: Vec<&str> = topic.split('.').collect();
        assert_eq!(read.matches(topic), matches(&words, &segments), "{text:?}");
        assert!(Pattern::parse(topic).is_ok_and(|it| it.matches(topic)));
    }
});

/// Stars stand alone, and two of them at the end.
fn is_pattern(text: &str) -> bool {
    let segments: Vec<&str> = text.split('.').collect();
    let (last, first) = segments.split_last().expect("one at least");
    let is_good =
        |segment: &&str| *segment == "*" || !(segment.is_empty() || segment.contains('*'));
    first.iter().all(is_good) && (is_good(last) || *last == "**")
}

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
