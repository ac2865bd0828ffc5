//! The formats of the metrics, and the choice of the format for a request.

use std::fmt::{self, Write as _};
use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use plugin_core::Distribution;

use crate::family::{Kind, unit};
use crate::samples::{FamilySink, SampleSink, Samples, Value};

/// The format of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus' text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// The values of the whole system and of each instance as JSON.
    Json,
}

impl Format {
    /// The format that a request prefers. A request that accepts none of them gets text, which is
    /// more useful to a scraper than a refusal.
    pub(crate) fn asked(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).iter();
        let items = values.filter_map(|value| value.to_str().ok());
        let offers = items.flat_map(|value| value.split(',')).filter_map(offer);
        // Among equal preferences, the first one counts.
        let best = offers.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map_or(Self::Text, |(format, _)| format)
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// The format in an item of `Accept`, and its preference.
fn offer(item: &str) -> Option<(Format, f32)> {
    let mut parts = item.split(';').map(str::trim);
    let kind = parts.next()?.to_ascii_lowercase();
    let mut quality = 1.0;
    let mut version = None;
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => quality = value.trim().parse().unwrap_or(0.0),
            "version" => version = Some(value.trim().trim_matches('"')),
            _ => {}
        }
    }
    let format = match (kind.as_str(), version) {
        ("application/openmetrics-text", None | Some("1.0.0")) => Format::OpenMetrics,
        ("text/plain", None | Some("0.0.4")) | ("text/*" | "*/*", _) => Format::Text,
        ("application/json", _) => Format::Json,
        _ => return None,
    };
    (quality > 0.0).then_some((format, quality))
}

/// Writes one family after the other.
pub(crate) struct Writer {
    text: String,
    is_open: bool,
}

impl Writer {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            text: String::new(),
            is_open: format == Format::OpenMetrics,
        }
    }

    pub(crate) fn finish(mut self) -> String {
        if self.is_open {
            self.text.push_str("# EOF\n");
        }
        self.text
    }

    fn put(&mut self, words: fmt::Arguments<'_>) {
        write(&mut self.text, words);
    }
}

impl FamilySink for Writer {
    fn named(
        &mut self,
        (name, kind, help): (&'static str, Kind, &str),
        labels: &'static [&'static str],
        fill: impl FnOnce(&mut Samples<'_>),
    ) {
        let begin = self.text.len();
        let total = if kind == Kind::Counter { "_total" } else { "" };
        // In one format, a counter has the name of its samples; in the other, it has its own name.
        let called = if self.is_open { "" } else { total };
        self.put(format_args!("# HELP {name}{called} {}\n", Help(help)));
        self.put(format_args!("# TYPE {name}{called} {}\n", kind.as_str()));
        if let Some(unit) = unit(name).filter(|_| self.is_open) {
            self.put(format_args!("# UNIT {name} {unit}\n"));
        }
        let head = self.text.len();
        let mut samples = TextSamples {
            text: &mut self.text,
            name,
            total,
        };
        fill(&mut Samples::new(&mut samples, labels));
        if self.text.len() == head {
            self.text.truncate(begin);
        }
    }
}

/// Writes the samples of one family.
struct TextSamples<'a> {
    text: &'a mut String,
    name: &'static str,
    /// The suffix of counters.
    total: &'static str,
}

impl SampleSink for TextSamples<'_> {
    fn number(&mut self, labels: &[(&str, &str)], value: Value) {
        self.head(self.total, labels, None);
        write(self.text, format_args!(" {value}\n"));
    }

    fn times(&mut self, labels: &[(&str, &str)], times: &Distribution) {
        let mut so_far = 0;
        let bounds = BOUNDS.iter().map(String::as_str).chain(["+Inf"]);
        for (bound, count) in bounds.zip(times.counts()) {
            so_far += count;
            self.head("_bucket", labels, Some(bound));
            write(self.text, format_args!(" {so_far}\n"));
        }
        self.head("_sum", labels, None);
        write(self.text, format_args!(" {}\n", times.sum().as_secs_f64()));
        self.head("_count", labels, None);
        write(self.text, format_args!(" {so_far}\n"));
    }
}

impl TextSamples<'_> {
    fn head(&mut self, suffix: &str, labels: &[(&str, &str)], bound: Option<&str>) {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        let bound = bound.map(|bound| ("le", bound));
        let mut opens = '{';
        for (label, value) in labels.iter().copied().chain(bound) {
            self.text.push(opens);
            self.text.push_str(label);
            self.text.push_str("=\"");
            escape(self.text, value);
            self.text.push('"');
            opens = ',';
        }
        if opens == ',' {
            self.text.push('}');
        }
    }
}

/// The bounds of histograms in seconds.
static BOUNDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let bounds = Distribution::bounds();
    bounds
        .map(|bound| bound.as_secs_f64().to_string())
        .collect()
});

/// A help text on one line, in which quotation marks are not escaped.
struct Help<'a>(&'a str);

impl fmt::Display for Help<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '\\' => f.write_str("\\\\"),
            '\n' => f.write_str("\\n"),
            letter => f.write_char(letter),
        })
    }
}

fn escape(text: &mut String, value: &str) {
    for letter in value.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            letter => text.push(letter),
        }
    }
}

fn write(text: &mut String, words: fmt::Arguments<'_>) {
    let _infallible = text.write_fmt(words);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Family;

    fn asked(accept: &[&str]) -> Format {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, value.parse().unwrap());
        }
        Format::asked(&headers)
    }

    #[test]
    fn what_is_wanted_most_is_given_and_text_to_all_others() {
        let prometheus = "application/openmetrics-text;version=1.0.0,\
                          application/openmetrics-text;version=0.0.1;q=0.75,\
                          text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(asked(&[prometheus]), Format::OpenMetrics);
        for (accept, format) in [
            ("text/plain; version=0.0.4", Format::Text),
            ("application/openmetrics-text; version=2.0.0", Format::Text),
            ("application/openmetrics-text; q=0", Format::Text),
            (
                "application/openmetrics-text;q=0.2, text/plain;q=0.3",
                Format::Text,
            ),
            ("Application/JSON", Format::Json),
            ("text/html, application/json;q=0.9, */*;q=0.8", Format::Json),
            ("image/png", Format::Text),
            ("*/*", Format::Text),
        ] {
            assert_eq!(asked(&[accept]), format, "{accept}");
        }
        assert_eq!(asked(&[]), Format::Text);
        let two = ["text/plain;q=0.1", "application/openmetrics-text;q=0.2"];
        assert_eq!(asked(&two), Format::OpenMetrics);
    }

    const COUNTER: Family = Family::new(
        ("waits_seconds", Kind::Counter),
        &["plugin"],
        "How \"long\", and why.",
        |_, _| {},
    );

    fn written(format: Format) -> String {
        let mut writer = Writer::new(format);
        writer.family(&COUNTER, |samples| samples.put(["a\\\"\n"], 1.5));
        writer.family(&COUNTER, |_| {});
        writer.finish()
    }

    #[test]
    fn a_counter_is_called_as_its_format_has_it_and_what_has_no_sample_is_left_out() {
        assert_eq!(
            written(Format::Text),
            "# HELP waits_seconds_total How \"long\", and why.\n\
             # TYPE waits_seconds_total counter\n\
             waits_seconds_total{plugin=\"a\\\\\\\"\\n\"} 1.5\n"
        );
        assert_eq!(
            written(Format::OpenMetrics),
            "# HELP waits_seconds How \"long\", and why.\n\
             # TYPE waits_seconds counter\n\
             # UNIT waits_seconds seconds\n\
             waits_seconds_total{plugin=\"a\\\\\\\"\\n\"} 1.5\n\
             # EOF\n"
        );
    }
}
