//! The log of a child, whose lines are sent to the host.

use std::fmt::{Debug, Write};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::connection::Connection;
use super::wire::{WireLine, WireNote};
use crate::context;

/// The levels, by their numbers.
const LEVELS: [Level; 5] = [
    Level::ERROR,
    Level::WARN,
    Level::INFO,
    Level::DEBUG,
    Level::TRACE,
];

/// The most detailed level that the log of this process accepts, from 0, nothing, to 5, traces.
pub(super) fn taken() -> u8 {
    LevelFilter::current().into_level().map_or(0, number)
}

fn number(level: Level) -> u8 {
    let at = LEVELS.iter().position(|other| *other == level);
    at.map_or(0, |at| u8::try_from(at + 1).unwrap_or(0))
}

/// Sends lines to the host.
struct ForwardedLog {
    connection: Arc<Connection>,
    most: LevelFilter,
}

/// From now on, sends all lines of the accepted levels to the host.
pub(super) fn forward(connection: &Arc<Connection>, most: u8) {
    let level = usize::from(most).checked_sub(1);
    let most = level.and_then(|at| LEVELS.get(at).copied());
    let log = ForwardedLog {
        connection: Arc::clone(connection),
        most: most.map_or(LevelFilter::OFF, LevelFilter::from_level),
    };
    // If the program has set a log of its own, that log is kept.
    let _is_first = tracing::subscriber::set_global_default(log).is_ok();
}

impl Subscriber for ForwardedLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.most
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        // Spans are not reported, because the host knows which call is in progress.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = LineText::default();
        event.record(&mut text);
        let current = context::current();
        let trace = context::lineage().trace();
        self.connection.tell(WireNote::Log(WireLine {
            level: number(*event.metadata().level()),
            text: text.message + &text.fields,
            event: current
                .and_then(|current| current.event)
                .map(|id| id.number()),
            parent: trace.map(|trace| trace.to_stored()),
        }));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The text of a log line.
#[derive(Default)]
struct LineText {
    message: String,
    fields: String,
}

impl Visit for LineText {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message.push_str(value),
            name => {
                // Writing to a string does not fail.
                let _written = write!(self.fields, " {name}={value}").is_ok();
            }
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
