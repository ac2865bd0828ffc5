//! The plugin: its interceptors write spans to the file, or send them to a collector.

use plugin_core::event::Pattern;
use plugin_core::prelude::*;
use plugin_ndjson::Log;

use crate::config::TracingConfig;
use crate::export::Exporter;
use crate::sampling::Sampling;
use crate::span::Span;

/// Name of the file below the plugin's directory.
const FILE_NAME: &str = "spans.ndjson";

/// Writes spans of publishes and deliveries.
#[derive(Debug)]
pub struct Spans {
    topics: Vec<Pattern>,
    sampling: Sampling,
    clock: Clock,
    spans: SpanSink,
}

/// The destination of spans.
#[derive(Debug)]
enum SpanSink {
    File(Box<Log<Span>>),
    Collector(Box<Exporter>),
}

impl SpanSink {
    fn write(&self, span: Span) {
        match self {
            Self::File(log) => log.write(span),
            Self::Collector(exporter) => exporter.write(span),
        }
    }
}

/// Writes spans of publishes and deliveries.
#[plugin(name = "tracing-plugin", kind = middleware)]
impl Spans {
    #[init]
    fn init(
        Config(config): Config<TracingConfig>,
        directory: DataDir,
        clock: Clock,
        meter: Meter,
    ) -> Result<Self> {
        let spans = match &config.otlp {
            Some(otlp) => SpanSink::Collector(Box::new(Exporter::new(otlp, &meter)?)),
            None => {
                let log = Log::new(&directory.path().join(FILE_NAME), config.file);
                SpanSink::File(Box::new(log))
            }
        };
        Ok(Self {
            topics: config.topics,
            sampling: Sampling::new(config.ratio),
            clock,
            spans,
        })
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        match &self.spans {
            SpanSink::File(log) => log.start(&tasks),
            SpanSink::Collector(exporter) => exporter.start(&tasks),
        }
    }

    #[health]
    fn health(&self) -> Health {
        match &self.spans {
            SpanSink::File(log) => log.health(),
            SpanSink::Collector(exporter) => exporter.health(),
        }
    }

    fn topics(&self) -> Vec<Pattern> {
        self.topics.clone()
    }

    /// Runs after all other interceptors, so that an event that they refuse has no span.
    #[intercept(publish, topics = Self::topics, priority = i32::MIN)]
    fn published(&self, event: &AnyEvent<'_>) {
        if self.sampling.takes(event.trace()) {
            self.spans.write(Span::published(self.clock.now(), event));
        }
    }

    #[intercept(delivered, topics = Self::topics, priority = i32::MIN)]
    fn delivered(&self, delivery: &Delivery<'_>, outcome: &Delivered<'_>) {
        if self.sampling.takes(delivery.event().trace()) {
            self.spans
                .write(Span::delivered(self.clock.now(), delivery, outcome));
        }
    }
}
