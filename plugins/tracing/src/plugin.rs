//! The plugin: spans of what it is told go to the file.

use std::sync::Mutex;

use plugin_core::event::Pattern;
use plugin_core::prelude::*;
use plugin_ndjson::{Lines, Writer};

use crate::config::TracingConfig;
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
    lines: Lines<Span>,
    /// Until `start` gives it a task.
    writer: Mutex<Option<Writer<Span>>>,
}

/// Writes spans of publishes and deliveries.
#[plugin(name = "tracing-plugin", kind = middleware)]
impl Spans {
    #[init]
    fn init(Config(config): Config<TracingConfig>, directory: DataDir, clock: Clock) -> Self {
        let (lines, writer) = plugin_ndjson::open(&directory.path().join(FILE_NAME), config.file);
        Self {
            topics: config.topics,
            sampling: Sampling::new(config.ratio),
            clock,
            lines,
            writer: Mutex::new(Some(writer)),
        }
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        let writer = self.writer.lock().ok().and_then(|mut writer| writer.take());
        let writer = writer.ok_or_else(|| Error::bug("started twice"))?;
        let end = tasks.cancelled();
        tasks.spawn("writer", writer.run(end))?;
        Ok(())
    }

    #[health]
    fn health(&self) -> Health {
        self.lines.health()
    }

    fn topics(&self) -> Vec<Pattern> {
        self.topics.clone()
    }

    /// After all others, so that what they refuse has no span.
    #[middleware(publish, topics = Self::topics, priority = i32::MIN)]
    fn published(&self, event: &AnyEvent<'_>) {
        if self.sampling.takes(event.trace()) {
            self.lines.write(Span::published(self.clock.now(), event));
        }
    }

    #[middleware(delivered, topics = Self::topics, priority = i32::MIN)]
    fn delivered(&self, delivery: &Delivery<'_>, outcome: &Delivered<'_>) {
        if self.sampling.takes(delivery.event().trace()) {
            self.lines
                .write(Span::delivered(self.clock.now(), delivery, outcome));
        }
    }
}
