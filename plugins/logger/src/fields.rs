//! The fields of a line or a span as JSON values, each of limited length.

use std::error::Error;
use std::fmt;

use plugin_core::ErrorChain;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

/// The fields of a line or a span in their order, and separately the message.
#[derive(Debug)]
pub(crate) struct Fields {
    /// Longest text, in bytes.
    most: usize,
    pub(crate) message: String,
    pub(crate) rest: Vec<(&'static str, Value)>,
}

impl Fields {
    /// No fields yet. Longer texts will be cut to `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            message: String::new(),
            rest: Vec::new(),
        }
    }

    /// The text of a field.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let (_, value) = self.rest.iter().find(|(field, _)| *field == name)?;
        Some(
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        )
    }

    pub(crate) fn to_json(&self) -> Map<String, Value> {
        (self.rest.iter())
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    fn put(&mut self, field: &Field, value: Value) {
        match value {
            Value::String(text) if field.name() == "message" => self.message = text,
            value => self.rest.push((field.name(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Cut::of(self.most, format_args!("{value}")).into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let text = Cut::of(self.most, format_args!("{}", ErrorChain(value)));
        self.put(field, text.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Cut::of(self.most, format_args!("{value:?}")).into());
    }
}

/// A text that keeps only its beginning, and counts the rest.
struct Cut {
    text: String,
    most: usize,
    lost: usize,
}

impl Cut {
    fn new(most: usize) -> Self {
        Self {
            text: String::new(),
            most,
            lost: 0,
        }
    }

    fn of(most: usize, text: fmt::Arguments<'_>) -> String {
        let mut cut = Self::new(most);
        cut.add(text);
        cut.end()
    }

    fn add(&mut self, text: fmt::Arguments<'_>) {
        // It fails only if a value's own `Display` fails: the beginning is kept then.
        let _kept = fmt::Write::write_fmt(self, text);
    }

    fn end(mut self) -> String {
        if self.lost > 0 {
            self.text.push_str(&format!(
                "… ({} more)",
                plugin_core::counted(self.lost, "byte")
            ));
        }
        self.text
    }
}

impl fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = if self.lost > 0 {
            0
        } else {
            self.most - self.text.len()
        };
        let at = text.floor_char_boundary(room);
        self.text.push_str(&text[..at]);
        self.lost += text.len() - at;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Cut;

    #[test]
    fn report_a13_a_long_text_is_cut_where_a_letter_ends() {
        let cut = |text: &str| Cut::of(5, format_args!("{text}"));
        assert_eq!(cut("12345"), "12345");
        assert_eq!(cut("123456"), "12345… (1 byte more)");
        assert_eq!(cut("欢迎"), "欢… (3 bytes more)");
        let parts = Cut::of(5, format_args!("{}{}", "1234567", "8"));
        assert_eq!(parts, "12345… (3 bytes more)");
    }
}
