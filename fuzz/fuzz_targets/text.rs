//! Texts of files, requests and commands that need no target of their own: what is read prints as
//! what reads the same, and what is made safe to print or to show is safe.

#![no_main]

#[path = "../../plugins/notification/src/template.rs"]
mod template;

use libfuzzer_sys::fuzz_target;
use plugin_api::Network;
use plugin_core::config::{SecretUrl, VersionRequirement, mask};
use plugin_core::event::{DeadLetter, DeadLetterId, IdempotencyKey};
use plugin_core::nearest;
use plugin_core::printable::{self, is_obeyed};
use serde_json::Value;
use template::Template;

fuzz_target!(|text: &str| {
    printed(text);
    secrets(text);
    names(text);
    templates(text);
    if let Ok(letter) = serde_json::from_str::<DeadLetter>(text) {
        let written = serde_json::to_string(&letter).expect("it is JSON");
        assert_eq!(
            serde_json::from_str::<DeadLetter>(&written).ok(),
            Some(letter)
        );
    }
});

fn printed(text: &str) {
    let line = printable::line(text);
    assert!(!line.chars().any(is_obeyed), "{line:?}");
    assert_eq!(printable::line(&line), line);
    let lines = printable::lines(text);
    assert!(
        !lines.chars().any(|it| it != '\n' && is_obeyed(it)),
        "{lines:?}"
    );
    let document = Value::from(text).to_string();
    let json = printable::json(&document);
    assert!(!json.chars().any(is_obeyed), "{json:?}");
    assert_eq!(serde_json::from_str::<Value>(&json).expect("JSON"), text);
}

fn secrets(text: &str) {
    let masked = mask(text);
    for value in masked.split("key=").skip(1) {
        let value = value.trim_start_matches(' ').trim_start_matches('\\');
        let ends = |it: char| it.is_whitespace() || "\"'`<>,;&#)]}".contains(it);
        let is_hidden = value.starts_with("***") || value.is_empty() || value.starts_with(ends);
        assert!(is_hidden, "{masked:?}");
    }
    let shown = SecretUrl::from(text).to_string();
    assert_eq!(SecretUrl::from(&*shown).to_string(), shown, "{text:?}");
    // The user, the path and the query are in none of the words that are left.
    if let Some((scheme, rest)) = text.split_once("://") {
        let parts = rest.split(['/', '?', '#', '\\', '@']);
        let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        let open = format!("{scheme}://{host}");
        for part in parts.filter(|part| part.len() > 8 && !open.contains(part)) {
            assert!(!shown.contains(part), "{shown}");
        }
    }
}

fn templates(text: &str) {
    match Template::parse(text, &["message"]) {
        Ok(template) => assert!(template.render(&[("message", "")]).len() <= text.len()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let escaped = text.replace('{', "{{").replace('}', "}}");
    let template = Template::parse(&escaped, &[]).expect("no brace stands alone");
    assert_eq!(template.render(&[]), text);
}

fn names(text: &str) {
    if let Ok(id) = text.parse::<DeadLetterId>() {
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
    }
    if let Ok(key) = text.parse::<IdempotencyKey>() {
        assert_eq!(key.to_string(), text.to_ascii_lowercase());
        assert_eq!(IdempotencyKey::from_u128(key.as_u128()), Some(key));
    }
    if let Ok(requirement) = text.parse::<VersionRequirement>() {
        let printed = requirement.to_string();
        assert_eq!(printed.parse().ok(), Some(requirement), "{text:?}");
    }
    if let Err(error) = text.parse::<Network>() {
        assert!(!error.to_string().is_empty());
    }
    let known = ["user.login", "user.logout", "order.created"];
    assert!(nearest(text, known).is_none_or(|near| known.contains(&near)));
}
