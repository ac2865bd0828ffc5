//! The syntax of topics, patterns and plugin names.

use syn::LitStr;

use crate::diagnostics::Diagnostics;

/// Checks a topic: segments of `[a-z0-9_-]` with dots between them, without wildcards.
pub(crate) fn check_topic(topic: &LitStr, diagnostics: &mut Diagnostics) {
    let text = topic.value();
    if text.contains('*') {
        let message = "the topic of an event has no wildcard: write it out, as in \"user.login\"";
        return diagnostics.at(topic, message);
    }
    if !text.split('.').all(|segment| is_word(segment, "_-")) {
        let message = format!(
            "`{text}` is no topic: write segments of `a-z`, `0-9`, `_` and `-` with dots between \
             them, as in \"user.login\""
        );
        diagnostics.at(topic, message);
    }
}

/// Checks a pattern over topics: a segment may be `*`, and the last one `**`.
pub(crate) fn check_pattern(pattern: &LitStr, diagnostics: &mut Diagnostics) {
    let text = pattern.value();
    let count = text.split('.').count();
    let well_formed = text
        .split('.')
        .enumerate()
        .all(|(at, segment)| match segment {
            "*" => true,
            "**" => at + 1 == count,
            word => is_word(word, "_-"),
        });
    if !well_formed {
        let message = format!(
            "`{text}` is no pattern: write segments of `a-z`, `0-9`, `_` and `-` with dots between \
             them, `*` for one whole segment, and `**` for the rest at the end, as in \"user.*\""
        );
        diagnostics.at(pattern, message);
    }
}

/// Checks a plugin's name: words of `[a-z0-9]` with dashes between them.
pub(crate) fn check_plugin_name(name: &LitStr, diagnostics: &mut Diagnostics) {
    let text = name.value();
    if !text.split('-').all(|word| is_word(word, "")) {
        let message = format!(
            "`{text}` is no plugin name: write words of `a-z` and `0-9` with dashes between them, \
             as in \"hello-plugin\""
        );
        diagnostics.at(name, message);
    }
}

fn is_word(text: &str, more: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c);
    !text.is_empty() && text.chars().all(allowed)
}
