//! The header `traceparent`: it is read when it has the form of the specification, told in another
//! way, and what is read prints as what reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plugin_core::trace::TraceContext;

fuzz_target!(|text: &str| {
    let expected = form(text);
    let read = text.parse::<TraceContext>();
    assert_eq!(read.is_ok(), expected.is_some(), "{text:?}");
    let Ok(context) = read else {
        return;
    };
    let printed = context.to_string();
    assert_eq!(Some(&printed), expected.as_ref());
    assert_eq!(printed.parse(), Ok(context));
    let child = context.child();
    assert_eq!(child.trace_id(), context.trace_id());
    assert_ne!(child.span_id(), context.span_id());
});

/// What is passed on of a header, if it is one.
fn form(text: &str) -> Option<String> {
    let is_hex = |text: &str| {
        text.bytes()
            .all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it))
    };
    let is_id = |text: &str, length| {
        text.len() == length && is_hex(text) && text.bytes().any(|it| it != b'0')
    };
    let mut parts = text.splitn(5, '-');
    let mut part = || parts.next();
    let (version, trace, span, flags, future) = (part()?, part()?, part()?, part()?, part());
    let known = version.len() == 2 && is_hex(version) && version != "ff";
    let flags =
        u8::from_str_radix(Some(flags).filter(|it| it.len() == 2 && is_hex(it))?, 16).ok()?;
    let good =
        known && is_id(trace, 32) && is_id(span, 16) && (future.is_none() || version != "00");
    good.then(|| format!("00-{trace}-{span}-{:02x}", flags & 1))
}
