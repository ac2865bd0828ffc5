//! The plugin: its interceptors write entries to the file.

use plugin_core::event::Pattern;
use plugin_core::prelude::*;
use plugin_ndjson::Log;
use serde_json::Value;

use crate::config::AuditConfig;
use crate::entry::Entry;
use crate::redaction::redact;

/// Name of the file below the plugin's directory.
const FILE_NAME: &str = "events.ndjson";

/// Writes down who published what, and which deliveries failed.
#[derive(Debug)]
pub struct AuditTrail {
    config: AuditConfig,
    clock: Clock,
    log: Log<Entry>,
    directory: DataDir,
}

/// Writes down who published what, and which deliveries failed.
#[plugin(name = "audit-plugin", kind = middleware)]
impl AuditTrail {
    #[init]
    fn init(Config(config): Config<AuditConfig>, directory: DataDir, clock: Clock) -> Self {
        let log = Log::new(&directory.path().join(FILE_NAME), config.file);
        Self {
            config,
            clock,
            log,
            directory,
        }
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        self.log.start(&tasks)?;
        self.directory.keep(FILE_NAME)
    }

    #[health]
    fn health(&self) -> Health {
        self.log.health()
    }

    fn publishes(&self) -> Vec<Pattern> {
        self.topics_if(self.config.publishes)
    }

    fn failures(&self) -> Vec<Pattern> {
        self.topics_if(self.config.failures)
    }

    fn topics_if(&self, wanted: bool) -> Vec<Pattern> {
        if wanted {
            self.config.topics.clone()
        } else {
            Vec::new()
        }
    }

    /// Runs after all other interceptors, so that an event that they refuse is not recorded as
    /// published.
    #[intercept(publish, topics = Self::publishes, priority = i32::MIN)]
    fn published(&self, event: &AnyEvent<'_>) {
        let data = if self.config.data {
            self.data(event)
        } else {
            None
        };
        self.log
            .write(Entry::published(self.clock.now(), event, data));
    }

    #[intercept(delivered, topics = Self::failures)]
    fn failed(&self, delivery: &Delivery<'_>, outcome: &Delivered<'_>) {
        if let Err(error) = outcome.result() {
            self.log
                .write(Entry::failed(self.clock.now(), delivery, error));
        }
    }

    /// Data that can't be serialized is left out; the event is not refused because of that.
    fn data(&self, event: &AnyEvent<'_>) -> Option<Value> {
        let mut data = event.to_json().ok()?;
        redact(&mut data, &self.config.redact);
        Some(data)
    }
}
