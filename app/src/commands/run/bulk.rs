//! `run --events`: handles the events of a stream, and tells what came of it.

use std::io;
use std::time::{Duration, Instant};

use plugin_core::counted;
use plugin_core::lifecycle::{Running, Shutdown, StopReport, SystemStatus, Waiting, WaitsFor};
use plugin_core::{EventCounts, registry};
use serde::Serialize;

use crate::cli::Run;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::feed::{End, Feed, Input, Progress, Tally, Topics};
use crate::output::{Format, Output, note};
use crate::report;
use crate::signal::Signals;

/// What came of a stream.
#[derive(Debug, Serialize)]
struct Summary {
    input: Tally,
    end: End,
    /// From the first line until the last event was handled.
    #[serde(rename = "took_us", serialize_with = "micros")]
    took: Duration,
    plugins: Vec<PluginSummary>,
    stop: StopReport,
}

/// What a plugin did.
#[derive(Debug, Serialize)]
struct PluginSummary {
    name: &'static str,
    #[serde(flatten)]
    events: EventCounts,
}

/// Handles a stream; how that ended, and how many dead letters there are of it.
pub(super) async fn handle(
    running: Running,
    input: Input,
    options: &Run,
    (signals, out): (Signals, &mut Output),
) -> Result<(Exit, u64), Failure> {
    let manager = running.handle();
    let began = Instant::now();
    let mut tally = Tally::default();
    let feed = Feed::new(running.publishers(), topics(), options.on_error);
    let (end, failure) = split(feed_all(&running, &feed, input, (&mut tally, &signals)).await);
    let took = began.elapsed();
    let drain = std::future::ready(Some(Shutdown::Drain));
    let stop = running
        .serve(drain, || super::insist(signals.clone()))
        .await;
    // After the stop, so that it counts what the stop drained.
    let status = manager.status();
    let exit = exit(end, &stop);
    let plugins = status.plugins.iter();
    let dead_letters = plugins.map(|plugin| plugin.events.dead_lettered).sum();
    match out.format() {
        Format::Human => human(&tally, took, &status, out, &stop),
        Format::Json => out.json(&Summary::new(tally, end, took, (status, stop))),
    }
    match failure {
        Some(error) => Err(Failure::Io("can't read the events".to_owned(), error)),
        None => Ok((exit, dead_letters)),
    }
}

/// Publishes everything and waits until it is handled, or until a signal.
async fn feed_all(
    running: &Running,
    feed: &Feed,
    input: Input,
    (tally, signals): (&mut Tally, &Signals),
) -> io::Result<End> {
    let progress = Progress::new(input.size);
    let all = async {
        let end = feed.run(input, tally, &progress).await?;
        progress.drain();
        for Waiting {
            plugin,
            handler,
            wait,
            ..
        } in running.idle_or_waiting().await
        {
            match wait {
                WaitsFor::Store => note(format_args!(
                    "the event store fails, and `{handler}` of `{plugin}` waits for it: what is not stored is lost, what is stored is handled in the next run"
                )),
                _ => note(format_args!(
                    "the target of `{handler}` of `{plugin}` is down: its events stay stored, and the next run handles them"
                )),
            }
        }
        Ok(end)
    };
    tokio::select! {
        end = all => end,
        () = signals.next() => Ok(End::Interrupted),
    }
}

fn split(fed: io::Result<End>) -> (End, Option<io::Error>) {
    match fed {
        Ok(end) => (end, None),
        Err(error) => (End::Unreadable, Some(error)),
    }
}

/// What the input may publish: everything but what the manager tells of itself.
fn topics() -> Topics {
    let events = registry::events().into_iter();
    Topics::new(
        events
            .filter(|event| !event.type_name.starts_with("plugin_core::"))
            .map(|event| event.topic),
    )
}

fn exit(end: End, stop: &StopReport) -> Exit {
    match (super::exit(stop), end) {
        (Exit::Ok, End::BadLine) => Exit::BadInput,
        (Exit::Ok, End::Interrupted) => Exit::Interrupted,
        (exit, _) => exit,
    }
}

fn human(
    tally: &Tally,
    took: Duration,
    status: &SystemStatus,
    out: &mut Output,
    stop: &StopReport,
) {
    out.text(format_args!(
        "{} in {} ms: {} published, {} bad",
        counted(tally.lines, "line"),
        report::millis(took),
        tally.published,
        tally.bad
    ));
    out.text(report::handled(status));
    out.text(report::stopped(stop));
}

impl Summary {
    fn new(
        input: Tally,
        end: End,
        took: Duration,
        (status, stop): (SystemStatus, StopReport),
    ) -> Self {
        let handled = |name, events| PluginSummary { name, events };
        let plugins = status
            .plugins
            .iter()
            .map(|plugin| handled(plugin.name, plugin.events));
        Self {
            input,
            end,
            took,
            plugins: plugins.collect(),
            stop,
        }
    }
}

fn micros<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}
