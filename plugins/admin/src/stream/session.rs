//! One listener: the messages that it has had, and the next ones.
//!
//! Invariant: a message is built only when there is room for it on the connection.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use plugin_contracts::LogTail;
use plugin_core::prelude::*;
use serde::Serialize;
use tokio::sync::{Notify, OwnedSemaphorePermit, watch};
use tokio::time::{Interval, MissedTickBehavior};

use super::Feed;
use super::topics::Topic;
use crate::live::{Latest, Live};
use crate::tap::{TapCounts, TapHandle};

/// Longest time without a message. After that a comment is sent, which detects whether the listener
/// is still there.
const QUIET: Duration = Duration::from_secs(10);

/// Approximate number of bytes that are built at once.
const CHUNK: usize = 32 << 10;

/// Number of messages of the ring, or lines of the log, that are taken at once.
const MOST: usize = 200;

/// One listener.
pub(crate) struct Session {
    pub(crate) feed: Arc<Feed>,
    pub(crate) live: Arc<Live>,
    pub(crate) topics: Vec<Topic>,
    pub(crate) taps: Vec<TapHandle>,
    /// Notified when a tap has events.
    pub(crate) ready: Arc<Notify>,
    pub(crate) logs: Option<Service<dyn LogTail>>,
    /// The positions up to which it has had messages of the feed and lines of the log.
    pub(crate) cursors: Cursors,
    pub(crate) _seat: OwnedSemaphorePermit,
}

/// The positions of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursors {
    pub(crate) message: u64,
    pub(crate) line: u64,
}

/// The first message of a stream.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Hello {
    /// The version of the service.
    pub(crate) version: &'static str,
    /// The topics that the stream contains from now on.
    pub(crate) topics: Vec<String>,
    /// The topics that were refused, each with the reason.
    pub(crate) refused: BTreeMap<String, String>,
    /// The taps whose pattern matches no event of this build. It may contain a typing error, or
    /// match a topic that no type declares.
    pub(crate) unmatched: Vec<String>,
}

/// Some messages were left out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LeftOut {
    /// The topic.
    topic: String,
    /// The counts since the beginning of the tap.
    #[serde(flatten)]
    counts: TapCounts,
}

/// A running listener.
struct Running {
    session: Session,
    latest: Option<watch::Receiver<Latest>>,
    /// The last sample whose rates the listener has had.
    tick: Option<u64>,
    next: watch::Receiver<u64>,
    stops: watch::Receiver<bool>,
    second: Interval,
    phase: Phase,
}

enum Phase {
    Begins(Hello),
    Runs,
    Ended,
}

impl Session {
    /// The stream: its chunks, in order.
    pub(crate) fn chunks(
        self,
        hello: Hello,
    ) -> impl futures_util::Stream<Item = Result<String, std::convert::Infallible>> {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let running = Running {
            latest: (self.topics.contains(&Topic::Rates)).then(|| self.live.latest()),
            tick: None,
            next: self.feed.next.subscribe(),
            stops: self.feed.stops.subscribe(),
            second,
            phase: Phase::Begins(hello),
            session: self,
        };
        futures_util::stream::unfold(running, async |mut running| {
            let chunk = running.chunk().await?;
            Some((Ok(chunk), running))
        })
    }
}

impl Running {
    async fn chunk(&mut self) -> Option<String> {
        match std::mem::replace(&mut self.phase, Phase::Runs) {
            Phase::Begins(hello) => {
                let mut chunk = String::new();
                say(&mut chunk, "hello", &hello);
                return Some(chunk);
            }
            Phase::Runs => {}
            Phase::Ended => return None,
        }
        let mut tells_left_out = false;
        loop {
            let mut chunk = String::new();
            self.gather(&mut chunk);
            if tells_left_out {
                self.tell_left_out(&mut chunk);
            }
            if !chunk.is_empty() {
                return Some(chunk);
            }
            if *self.stops.borrow_and_update() {
                self.phase = Phase::Ended;
                let mut chunk = String::new();
                self.tell_left_out(&mut chunk);
                chunk.push_str("event: bye\ndata: {}\n\n");
                return Some(chunk);
            }
            let session = &self.session;
            let line = session.cursors.line;
            tokio::select! {
                biased;
                // They can't fail, because the session holds the other ends.
                _ = self.stops.changed() => {}
                _ = self.next.changed() => {}
                () = news(self.latest.as_mut()) => {}
                () = grown(session.logs.as_ref(), line) => {}
                () = session.ready.notified(), if !session.taps.is_empty() => {}
                _ = self.second.tick(), if !session.taps.is_empty() => tells_left_out = true,
                () = tokio::time::sleep(QUIET) => return Some(": \n\n".to_owned()),
            }
        }
    }

    /// Builds the messages that the listener has not had.
    fn gather(&mut self, chunk: &mut String) {
        self.gather_messages(chunk);
        self.gather_lines(chunk);
        self.gather_rates(chunk);
        for tap in &self.session.taps {
            while let Some(event) = tap.next() {
                // The data of a message is one line, because its JSON contains no line ends.
                let _written = write!(chunk, "event: tap\ndata: {event}\n\n");
                if chunk.len() > CHUNK {
                    return;
                }
            }
        }
    }

    fn gather_messages(&mut self, chunk: &mut String) {
        let session = &mut self.session;
        self.next.mark_unchanged();
        let (messages, lost) = session.feed.since(session.cursors.message, MOST);
        if lost > 0 && session.topics.contains(&Topic::State) {
            left_out(chunk, "state", lost);
        }
        session.cursors.message += lost;
        if messages.len() == MOST {
            self.next.mark_changed();
        }
        for message in messages {
            session.cursors.message = message.number + 1;
            if session.topics.contains(&message.topic) {
                session.number(chunk, message.topic, &message.data);
            }
        }
    }

    fn gather_lines(&mut self, chunk: &mut String) {
        let session = &mut self.session;
        let Some(logs) = &session.logs else { return };
        let before = session.cursors.line;
        let lines = logs.after(before, MOST);
        if let Some(first) = lines.first()
            && before > 0
            && first.number > before + 1
        {
            left_out(chunk, "logs", first.number - before - 1);
        }
        for line in lines {
            session.cursors.line = line.number;
            if let Ok(data) = serde_json::to_string(&line) {
                session.number(chunk, Topic::Logs, &data);
            }
        }
    }

    /// Adds the changed rates, or all rates if the listener has missed some.
    fn gather_rates(&mut self, chunk: &mut String) {
        let Some(latest) = &mut self.latest else {
            return;
        };
        let latest = latest.borrow_and_update().clone();
        if self.tick == Some(latest.tick) {
            return;
        }
        let is_next = self.tick.is_some_and(|tick| tick + 1 == latest.tick);
        self.tick = Some(latest.tick);
        match latest.text {
            Some(changes) if is_next => {
                let _written = write!(chunk, "event: rates\ndata: {changes}\n\n");
            }
            _ => say(chunk, "rates", &self.session.live.rates()),
        }
    }

    fn tell_left_out(&mut self, chunk: &mut String) {
        for tap in &mut self.session.taps {
            if let Some(counts) = tap.left_out() {
                let topic = format!("tap:{}", tap.pattern());
                say(chunk, "dropped", &LeftOut { topic, counts });
            }
        }
    }
}

impl Session {
    /// Adds a message from which a listener that reconnects can continue.
    fn number(&self, chunk: &mut String, topic: Topic, data: &str) {
        let Cursors { message, line } = self.cursors;
        let (life, event) = (&self.feed.life, topic.event());
        let _written = write!(
            chunk,
            "id: {life}-{message}-{line}\nevent: {event}\ndata: {data}\n\n"
        );
    }
}

impl Cursors {
    /// The position of a listener that reconnects with the id of its last message. Messages of
    /// another life of the plugin do not exist any more, and all messages of this life are new to
    /// it.
    pub(crate) fn after(feed: &Feed, id: &str) -> Option<Self> {
        let mut parts = id.split('-');
        let (life, message, line) = (parts.next()?, parts.next()?, parts.next()?);
        let (message, line) = (message.parse().ok()?, line.parse().ok()?);
        match life == feed.life {
            true => Some(Self { message, line }),
            false => Some(Self { message: 0, line }),
        }
    }
}

async fn news(latest: Option<&mut watch::Receiver<Latest>>) {
    match latest {
        Some(latest) => drop(latest.changed().await),
        None => pending().await,
    }
}

async fn grown(logs: Option<&Service<dyn LogTail>>, line: u64) {
    match logs {
        Some(logs) => logs.grown(line).await,
        None => pending().await,
    }
}

fn left_out(chunk: &mut String, topic: &str, lost: u64) {
    let counts = TapCounts {
        lost,
        ..TapCounts::default()
    };
    let topic = topic.to_owned();
    say(chunk, "dropped", &LeftOut { topic, counts });
}

fn say(chunk: &mut String, event: &str, message: &impl Serialize) {
    if let Ok(data) = serde_json::to_string(message) {
        let _written = write!(chunk, "event: {event}\ndata: {data}\n\n");
    }
}
