//! Replays the dead letters whose replay was requested from outside of the process.
//!
//! A request may arrive before the receiver is ready: while the system starts, or while the plugin
//! is disabled. The request is kept until the plugin runs, and the store keeps it even after the
//! end of the process. It ends when the letter is gone, when a replay has failed again, or when no
//! handler can take the letter as it is.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::dead_letters::{DeadLetterError, DeadLetterOperations};
use super::kernel::Kernel;
use super::operation::Actor;
use super::state::State;
use crate::event::{DeadLetterId, EventStore, Pending, ask};
use crate::service::{Service, ServiceFuture};

/// Number of replays at the same time: as many as a store writes at once.
const AT_ONCE: usize = 256;

/// Interval of the check whether plugins run that letters wait for.
const LOOK: Duration = Duration::from_millis(250);

/// Number of attempts for a letter whose handler is not found, because a plugin receives events
/// only a moment after its start.
const TRIES: u32 = 4;

/// Listens to a store as long as it is in use and the system runs.
pub(super) fn follow(kernel: &Arc<Kernel>, store: Service<dyn EventStore>) {
    let mut replaced = kernel.bus.durables().replaced();
    let stopping = kernel.stopping.clone();
    let requests = Requests::new(Arc::downgrade(kernel), store.clone());
    crate::spawn::spawn(async move {
        tokio::select! {
            biased;
            () = replaced.wait() => {}
            () = requests.run(&store, stopping) => {}
        }
    });
}

/// A letter whose replay was requested.
#[derive(Debug, Clone, Copy)]
struct ReplayRequest {
    letter: DeadLetterId,
    tries: u32,
}

/// The result of a request.
enum ReplayOutcome {
    Replayed,
    /// The letter was delivered and failed again.
    Failed,
    /// The letter is gone, so nothing is left to do.
    Over,
    /// The plugin of the letter does not run.
    Awaits(String, ReplayRequest),
    Again(ReplayRequest),
    /// No handler can take the letter as it is.
    Refused(DeadLetterId),
    Stopping,
}

/// All requests that are not answered yet.
struct Requests {
    kernel: Weak<Kernel>,
    store: Service<dyn EventStore>,
    ready: VecDeque<ReplayRequest>,
    running: usize,
    /// The waiting requests, by the plugin that they wait for.
    waiting: BTreeMap<String, Vec<ReplayRequest>>,
    /// The requests that are tried again after a pause.
    again: Vec<ReplayRequest>,
    /// Number of replays since the last report, and how many of them failed again.
    replayed: (usize, usize),
    is_stopping: bool,
    answers: (
        mpsc::UnboundedSender<ReplayOutcome>,
        mpsc::UnboundedReceiver<ReplayOutcome>,
    ),
    /// Present while there is work, so that the bus is not idle.
    busy: Option<Pending>,
}

impl Requests {
    fn new(kernel: Weak<Kernel>, store: Service<dyn EventStore>) -> Self {
        Self {
            kernel,
            store,
            ready: VecDeque::new(),
            running: 0,
            waiting: BTreeMap::new(),
            again: Vec::new(),
            replayed: (0, 0),
            is_stopping: false,
            answers: mpsc::unbounded_channel(),
            busy: None,
        }
    }

    /// Answers requests until the system has ended. As soon as the system has to stop, no more
    /// replays begin: the next start does the rest. Replays in progress continue even if this
    /// future is dropped.
    async fn run(mut self, store: &Service<dyn EventStore>, stopping: CancellationToken) {
        let mut requested = Box::pin(requested(store));
        let mut look = Instant::now();
        while self.begin() {
            tokio::select! {
                biased;
                () = stopping.cancelled(), if !self.is_stopping => {
                    self.is_stopping = true;
                    self.ready.clear();
                    self.waiting.clear();
                    self.again.clear();
                }
                Some(answer) = self.answers.1.recv() => {
                    self.running -= 1;
                    self.take(answer).await;
                }
                letters = &mut requested, if !self.is_stopping => {
                    let new = letters.into_iter().map(|letter| ReplayRequest { letter, tries: 0 });
                    self.ready.extend(new);
                    requested.set(self::requested(store));
                }
                () = tokio::time::sleep_until(look), if self.is_waiting() => {
                    look = Instant::now() + LOOK;
                    self.look();
                }
            }
        }
    }

    fn is_waiting(&self) -> bool {
        !self.waiting.is_empty() || !self.again.is_empty()
    }

    /// Begins the replays that can begin; returns `false` if the system has ended.
    fn begin(&mut self) -> bool {
        let Some(kernel) = self.kernel.upgrade() else {
            return false;
        };
        while self.running < AT_ONCE
            && let Some(request) = self.ready.pop_front()
        {
            self.running += 1;
            let answers = self.answers.0.clone();
            let operations = DeadLetterOperations::new(Arc::clone(&kernel), Actor::OWNER);
            crate::spawn::spawn(async move {
                // If the store was replaced, the answer is not received.
                drop(answers.send(replay(operations, request).await));
            });
        }
        self.tell();
        let is_busy = self.running > 0 || !self.again.is_empty() || self.will_run(&kernel);
        match is_busy {
            true => drop(
                self.busy
                    .get_or_insert_with(|| kernel.bus.pending().begin()),
            ),
            false => self.busy = None,
        }
        true
    }

    /// Logs a summary of many replays. The log already contains the error of each call.
    fn tell(&mut self) {
        if self.running > 0 || self.replayed == (0, 0) {
            return;
        }
        let (letters, failed) = std::mem::take(&mut self.replayed);
        match failed {
            0 => tracing::info!(letters, "dead letters were replayed, as was asked for"),
            failed => tracing::warn!(
                letters,
                failed,
                "dead letters were replayed, as was asked for, and some failed again"
            ),
        }
    }

    /// Whether a plugin that letters wait for runs now or is about to run.
    fn will_run(&self, kernel: &Kernel) -> bool {
        let is_coming = |plugin: &String| {
            let state = kernel.state_of(plugin);
            state.is_some_and(|state| state >= State::Registered)
        };
        self.waiting.keys().any(is_coming)
    }

    /// Moves the requests for plugins that run now to the ready ones.
    fn look(&mut self) {
        let Some(kernel) = self.kernel.upgrade() else {
            return;
        };
        let runs = |plugin: &String| kernel.state_of(plugin) == Some(State::Running);
        let up: Vec<String> = self
            .waiting
            .keys()
            .filter(|one| runs(one))
            .cloned()
            .collect();
        for plugin in up {
            self.ready
                .extend(self.waiting.remove(&plugin).unwrap_or_default());
        }
        self.ready
            .append(&mut std::mem::take(&mut self.again).into());
    }

    async fn take(&mut self, answer: ReplayOutcome) {
        match answer {
            ReplayOutcome::Again(_) | ReplayOutcome::Awaits(..) if self.is_stopping => {}
            ReplayOutcome::Replayed => self.replayed.0 += 1,
            ReplayOutcome::Failed => {
                self.replayed.0 += 1;
                self.replayed.1 += 1;
            }
            ReplayOutcome::Over | ReplayOutcome::Stopping => {}
            ReplayOutcome::Again(request) => self.again.push(request),
            ReplayOutcome::Awaits(plugin, request) => self.wait(plugin, request),
            ReplayOutcome::Refused(letter) => {
                let (store, letters) = (self.store.provider(), [letter]);
                if let Err(error) = ask(&store, |store| store.answered(&letters)).await {
                    tracing::debug!(%letter, "the next start will try the replay again: {error}");
                }
            }
        }
    }

    fn wait(&mut self, plugin: String, request: ReplayRequest) {
        if let Some(waiting) = self.waiting.get_mut(&plugin) {
            waiting.push(request);
            return;
        }
        let state = (self.kernel.upgrade()).and_then(|kernel| kernel.state_of(&plugin));
        match state {
            Some(state) => tracing::info!(
                plugin, %state,
                "dead letters that are to be replayed wait until their plugin runs"
            ),
            None => tracing::warn!(
                plugin,
                "dead letters that are to be replayed are of a plugin that is not in this build, or is turned off: they wait until it runs"
            ),
        }
        self.waiting.insert(plugin, vec![request]);
    }
}

async fn requested(store: &Service<dyn EventStore>) -> Vec<DeadLetterId> {
    let store = store.provider();
    let asked = ask(&store, |store| {
        let requested = store.requested();
        ServiceFuture::new(Box::pin(async move { Ok(requested.await) }))
    });
    match asked.await {
        Ok(requested) => requested,
        Err(error) => {
            tracing::error!("requests of replays are not followed any more: {error}");
            std::future::pending().await
        }
    }
}

/// Takes as long as the handler.
async fn replay(operations: DeadLetterOperations, request: ReplayRequest) -> ReplayOutcome {
    let letter = request.letter;
    let error = match operations.replay_requested(letter).await {
        Ok(()) => return ReplayOutcome::Replayed,
        Err(error) => error,
    };
    let next = ReplayRequest {
        letter,
        tries: request.tries + 1,
    };
    match error {
        DeadLetterError::Unknown(_) => ReplayOutcome::Over,
        DeadLetterError::Stopping => ReplayOutcome::Stopping,
        DeadLetterError::NotRunning { plugin, .. } => ReplayOutcome::Awaits(plugin, request),
        DeadLetterError::Busy(_) | DeadLetterError::Store(_) => ReplayOutcome::Again(next),
        DeadLetterError::NoHandler { .. } if next.tries < TRIES => ReplayOutcome::Again(next),
        DeadLetterError::Failed { .. } => ReplayOutcome::Failed,
        error => {
            tracing::warn!(%letter, "not replayed, as was asked for; the letter stays: {error}");
            ReplayOutcome::Refused(letter)
        }
    }
}
