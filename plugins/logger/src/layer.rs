//! The subscriber: one layer whose levels, format and sink can be replaced while it runs.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use plugin_core::current;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::collapse::{Cause, Collapse, More, Sample};
use crate::config::Format;
use crate::fields::Fields;
use crate::levels::Levels;
use crate::line::Line;
use crate::sink::Sink;
use crate::tail::Tail;
use crate::writer::Writer;

/// The settings of the log, from a config.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) levels: Levels,
    pub(crate) format: Format,
    /// Longest text of a field, in bytes.
    pub(crate) max_text: usize,
    pub(crate) collapse: Collapse,
    pub(crate) sink: Sink,
    pub(crate) tail: Arc<Tail>,
}

impl Settings {
    /// The formatted line, which is also kept; empty if a value's own `Display` fails.
    fn text(&self, line: &Line<'_>) -> String {
        self.tail.push(line);
        let mut text = String::with_capacity(256);
        let written = match self.format {
            Format::Text => line.write_text(&mut text, self.sink.color()),
            Format::Json => line.write_json(&mut text),
        };
        written.map_or_else(|_| String::new(), |()| text)
    }

    /// The line that says how many lines were not written.
    pub(crate) fn count(&self, more: &More) -> String {
        let sample = &more.sample;
        let mut fields = Fields::new(self.max_text);
        fields.message = format!("and {} more of: {}", grouped(more.count), sample.message);
        fields.rest.push(("more", more.count.into()));
        if let Some(error) = &sample.error {
            fields.rest.push(("error", error.as_str().into()));
        }
        self.text(&Line {
            level: sample.level,
            plugin: sample.plugin.as_deref(),
            event: None,
            trace: None,
            span: None,
            target: sample.target,
            fields: &fields,
            spans: &[],
        })
    }

    /// The line that says for how many lines there was no room.
    pub(crate) fn dropped(&self, lines: u64) -> String {
        let mut fields = Fields::new(self.max_text);
        fields.message = format!(
            "{} missing: they came faster than the log could be written",
            match lines {
                1 => "1 line is".to_owned(),
                _ => format!("{} lines are", grouped(lines)),
            }
        );
        fields.rest.push(("missing", lines.into()));
        self.text(&Line {
            level: tracing::Level::WARN,
            plugin: Some("logger-plugin"),
            event: None,
            trace: None,
            span: None,
            target: module_path!(),
            fields: &fields,
            spans: &[],
        })
    }
}

/// A number with thousands separators: `19,999`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The log of the process, shared by the layer, its filter and the plugin.
#[derive(Debug)]
pub(crate) struct Log {
    /// The settings in use.
    pub(crate) settings: ArcSwap<Settings>,
    /// `None` if the system had no thread for it: then the caller writes the lines itself.
    pub(crate) writer: Option<Writer>,
}

impl Log {
    /// Passes a line to the writer.
    pub(crate) fn put(&self, settings: &Arc<Settings>, line: String) {
        match &self.writer {
            Some(writer) => writer.put(settings, line),
            None => settings.sink.write(&line),
        }
    }

    /// Writes all counts of lines that were not written.
    pub(crate) fn put_counts(&self, settings: &Arc<Settings>) {
        for more in settings.collapse.take() {
            self.put(settings, settings.count(&more));
        }
    }
}

/// Decides which lines are written.
#[derive(Debug)]
pub(crate) struct PluginFilter(pub(crate) Arc<Log>);

impl<S> Filter<S> for PluginFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.0
            .settings
            .load()
            .levels
            .allow(current(), *metadata.level())
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        // The answer depends on the running plugin, so only a level that no plugin may write is
        // decided permanently.
        if *metadata.level() > self.0.settings.load().levels.most() {
            Interest::never()
        } else {
            Interest::sometimes()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.settings.load().levels.most())
    }
}

/// Writes the lines.
#[derive(Debug)]
pub(crate) struct LineLayer(pub(crate) Arc<Log>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LineLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::new(self.0.settings.load().max_text);
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::new(self.0.settings.load().max_text);
        event.record(&mut fields);
        let spans: Vec<SpanRef<'_, S>> = context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
            .collect();
        let extensions: Vec<_> = spans
            .iter()
            .map(|span| (span.name(), span.extensions()))
            .collect();
        let spans: Vec<(&'static str, &Fields)> = (extensions.iter())
            .filter_map(|(name, extensions)| Some((*name, extensions.get::<Fields>()?)))
            .collect();
        self.write(event.metadata(), &fields, &spans);
    }
}

impl LineLayer {
    fn write(
        &self,
        metadata: &Metadata<'static>,
        fields: &Fields,
        spans: &[(&'static str, &Fields)],
    ) {
        // Lines of the kernel about a plugin name the plugin in a field or in a span.
        let named = |name| {
            fields
                .text(name)
                .or_else(|| spans.iter().rev().find_map(|(_, fields)| fields.text(name)))
        };
        let current = current();
        let plugin = current.map_or_else(
            || named("plugin"),
            |current| Some(current.plugin.to_owned()),
        );
        let event = current
            .and_then(|current| current.event)
            .map_or_else(|| named("event"), |event| Some(event.to_string()));
        let (trace, span) = match plugin_core::trace::current() {
            Some(span) => (
                Some(span.trace_id().to_string()),
                Some(span.span_id().to_string()),
            ),
            None => (named("trace_id"), named("span_id")),
        };
        let line = Line {
            level: *metadata.level(),
            plugin: plugin.as_deref(),
            event: event.as_deref(),
            trace: trace.as_deref(),
            span: span.as_deref(),
            target: metadata.target(),
            fields,
            spans,
        };
        let settings = self.0.settings.load();
        if !settings.collapse.concerns(line.level) {
            return self.0.put(&settings, settings.text(&line));
        }
        let cause = Cause::of(metadata, line.plugin, fields);
        let sample = || Sample {
            level: line.level,
            plugin: plugin.clone(),
            target: metadata.target(),
            message: fields.message.clone(),
            error: fields.text("error"),
        };
        let (written, more) = settings.collapse.admit(Instant::now(), cause, sample);
        if let Some(more) = more {
            self.0.put(&settings, settings.count(&more));
        }
        if written {
            self.0.put(&settings, settings.text(&line));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use arc_swap::ArcSwap;
    use tracing_subscriber::layer::{Layer as _, SubscriberExt};

    use super::{LineLayer, Log, PluginFilter, Settings};
    use crate::collapse::Collapse;
    use crate::config::{CollapseConfig, Format, Level, LoggerConfig};
    use crate::levels::Levels;
    use crate::sink::Sink;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<String>>);

    impl Memory {
        fn text(&self) -> String {
            self.0.lock().unwrap().clone()
        }

        fn settings(&self, level: Level) -> Settings {
            let memory = self.clone();
            Settings {
                levels: Levels::new(&LoggerConfig {
                    level,
                    ..LoggerConfig::default()
                }),
                format: Format::Text,
                max_text: 1000,
                collapse: Collapse::new(CollapseConfig::default()),
                sink: Sink::to(move |line| memory.0.lock().unwrap().push_str(line)),
                tail: Arc::default(),
            }
        }
    }

    fn logged(level: Level, write: impl FnOnce(&Arc<Log>, &Memory)) -> String {
        let memory = Memory::default();
        let log = Arc::new(Log {
            settings: ArcSwap::from_pointee(memory.settings(level)),
            writer: None,
        });
        let layer = LineLayer(Arc::clone(&log)).with_filter(PluginFilter(Arc::clone(&log)));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || write(&log, &memory));
        memory.text()
    }

    #[test]
    fn a_line_takes_plugin_and_event_from_its_span() {
        let text = logged(Level::Info, |_, _| {
            let span = tracing::info_span!("handle", plugin = "hello-plugin", event = "7f");
            span.in_scope(|| tracing::warn!(error = "no", "failed"));
        });
        assert!(
            text.contains("WARN hello-plugin event=7f handle{"),
            "{text}"
        );
        assert!(text.ends_with(": failed error=no\n"), "{text}");
    }

    #[test]
    fn less_important_lines_are_left_out() {
        let text = logged(Level::Warn, |_, _| {
            tracing::info!("seen by nobody");
            tracing::error!("seen");
        });
        assert!(!text.contains("nobody") && text.contains("ERROR"), "{text}");
    }

    #[test]
    fn report_b17_lines_of_one_cause_are_few_and_their_count_is_told() {
        let text = logged(Level::Info, |log, _| {
            for row in 0..20_000 {
                tracing::error!(row, "row `{row}` can't be saved");
                tracing::info!("row {row}");
            }
            log.put_counts(&log.settings.load_full());
        });
        let errors: Vec<_> = text.lines().filter(|line| line.contains("ERROR")).collect();
        assert_eq!(errors.len(), 6, "{errors:?}");
        let count = "and 19,995 more of: row `0` can't be saved more=19995";
        assert!(errors[5].ends_with(count), "{errors:?}");
        assert_eq!(
            text.matches(" INFO ").count(),
            20_000,
            "they were asked for"
        );
    }

    #[test]
    fn report_a13_long_texts_are_cut() {
        let text = logged(Level::Info, |_, _| {
            let long = "x".repeat(1 << 20);
            tracing::warn!(user = long, other = ?vec![long.clone()], "{long}");
        });
        assert!(text.len() < 4_000, "{}", text.len());
        assert!(text.contains("bytes more)"), "{text}");
    }

    #[test]
    fn new_settings_hold_at_once() {
        let text = logged(Level::Off, |log, memory| {
            tracing::error!("before");
            log.settings.store(Arc::new(memory.settings(Level::Debug)));
            tracing::callsite::rebuild_interest_cache();
            tracing::debug!("after");
        });
        assert!(!text.contains("before") && text.contains("after"), "{text}");
    }
}
