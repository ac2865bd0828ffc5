//! The plugin: spans of what it is told go to the file.

use plugin_core::event::Pattern;
use plugin_core::prelude::*;
use plugin_ndjson::Log;

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
    log: Log<Span>,
}

/// Writes spans of publishes and deliveries.
#[plugin(name = "tracing-plugin", kind = middleware)]
impl Spans {
    #[init]
    fn init(Config(config): Config<TracingConfig>, directory: DataDir, clock: Clock) -> Self {
        let log = Log::new(&directory.path().join(FILE_NAME), config.file);
        Self {
            topics: config.topics,
            sampling: Sampling::new(config.ratio),
            clock,
            log,
        }
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        self.log.start(&tasks)
    }

    #[health]
    fn health(&self) -> Health {
        self.log.health()
    }

    fn topics(&self) -> Vec<Pattern> {
        self.topics.clone()
    }

    /// After all others, so that what they refuse has no span.
    #[intercept(publish, topics = Self::topics, priority = i32::MIN)]
    fn published(&self, event: &AnyEvent<'_>) {
        if self.sampling.takes(event.trace()) {
            self.log.write(Span::published(self.clock.now(), event));
        }
    }

    #[intercept(delivered, topics = Self::topics, priority = i32::MIN)]
    fn delivered(&self, delivery: &Delivery<'_>, outcome: &Delivered<'_>) {
        if self.sampling.takes(delivery.event().trace()) {
            self.log
                .write(Span::delivered(self.clock.now(), delivery, outcome));
        }
    }
}
