//! The header `traceparent`: what is read prints as what reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plugin_core::trace::TraceContext;

fuzz_target!(|text: &str| {
    if let Ok(context) = text.parse::<TraceContext>() {
        let again: TraceContext = context.to_string().parse().expect("what was printed");
        assert_eq!(again.to_string(), context.to_string());
        assert_eq!(again.trace_id(), context.trace_id());
        assert_eq!(again.span_id(), context.span_id());
    }
});
