//! The requests to the writer.

use plugin_core::event::store::{Record, Settled, Settlement, SubscriptionName};
use plugin_core::event::{DeadLetter, DeadLetterId};
use plugin_core::{Error, Result};
use tokio::sync::oneshot;

/// Data to write, and the channel for the answer. It is written even if the requester does not wait
/// any more.
#[derive(Debug)]
pub(crate) enum Request {
    Append(Append),
    Settle(Settle),
    Revive(Revive),
    Call(Call),
    /// Stores dead letters.
    Keep(Vec<DeadLetter>, oneshot::Sender<Result<()>>),
    /// Removes dead letters, and returns how many existed.
    Forget(Vec<DeadLetterId>, oneshot::Sender<Result<u64>>),
    /// Removes the requests for replays of dead letters.
    Answered(Vec<DeadLetterId>, oneshot::Sender<Result<()>>),
    /// Records how many events of a subscription wait for room.
    Wait(SubscriptionName, u64, oneshot::Sender<Result<()>>),
    /// A write without changes, to test whether writing works.
    Probe(oneshot::Sender<Result<()>>),
    /// The system stops: no commit waits for further events, and no event waits for room.
    Hurry,
    /// Accepts nothing more, and ends when everything that was requested is written.
    Close,
}

#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) subscription: SubscriptionName,
    pub(crate) events: Vec<Record>,
    pub(crate) answer: oneshot::Sender<Result<Vec<u64>>>,
}

#[derive(Debug)]
pub(crate) struct Settle {
    pub(crate) subscription: SubscriptionName,
    pub(crate) settled: Vec<Settled>,
    pub(crate) answer: oneshot::Sender<Result<()>>,
}

/// Suspects that are about to be handled, or that are not being handled any more.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) subscription: SubscriptionName,
    pub(crate) positions: Vec<u64>,
    pub(crate) is_called: bool,
    pub(crate) answer: oneshot::Sender<Result<()>>,
}

/// The result of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    Appended(Vec<u64>),
    Done,
    /// How many letters existed.
    Forgotten(u64),
    /// There is no room for it yet.
    Waits,
    Failed(Error),
}

#[derive(Debug)]
pub(crate) struct Revive {
    pub(crate) subscription: SubscriptionName,
    pub(crate) letter: Box<DeadLetter>,
    pub(crate) answer: oneshot::Sender<Result<()>>,
}

impl Request {
    pub(crate) fn is_append(&self) -> bool {
        matches!(self, Self::Append(_))
    }

    /// Whether it may change the number of dead letters.
    pub(crate) fn touches_letters(&self) -> bool {
        match self {
            Self::Keep(..) | Self::Forget(..) | Self::Revive(_) => true,
            Self::Settle(settle) => {
                (settle.settled.iter()).any(|settled| matches!(settled.end, Settlement::Dead(_)))
            }
            _ => false,
        }
    }

    /// Whether it ends the waiting for further requests.
    pub(crate) fn is_urgent(&self) -> bool {
        matches!(self, Self::Hurry | Self::Close)
    }

    /// Answers the requester, which may not wait any more.
    pub(crate) fn answer(self, outcome: Outcome) {
        match self {
            Self::Append(append) => drop(append.answer.send(match outcome {
                Outcome::Appended(positions) => Ok(positions),
                other => other.done().map(|()| Vec::new()),
            })),
            Self::Settle(settle) => drop(settle.answer.send(outcome.done())),
            Self::Forget(_, answer) => drop(answer.send(match outcome {
                Outcome::Forgotten(count) => Ok(count),
                other => other.done().map(|()| 0),
            })),
            Self::Revive(revive) => drop(revive.answer.send(outcome.done())),
            Self::Call(call) => drop(call.answer.send(outcome.done())),
            Self::Keep(_, answer)
            | Self::Answered(_, answer)
            | Self::Wait(_, _, answer)
            | Self::Probe(answer) => drop(answer.send(outcome.done())),
            Self::Hurry | Self::Close => {}
        }
    }

    /// The number of events in it.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Append(append) => append.events.len(),
            Self::Settle(settle) => settle.settled.len(),
            Self::Call(call) => call.positions.len(),
            Self::Keep(letters, _) => letters.len(),
            Self::Forget(ids, _) | Self::Answered(ids, _) => ids.len(),
            Self::Revive(_) | Self::Wait(..) | Self::Probe(_) | Self::Hurry | Self::Close => 1,
        }
    }
}

impl Outcome {
    fn done(self) -> Result<()> {
        match self {
            Self::Failed(error) => Err(error),
            Self::Appended(_) | Self::Done | Self::Forgotten(_) | Self::Waits => Ok(()),
        }
    }
}

impl Append {
    pub(crate) fn size(&self) -> Size {
        Size {
            events: self.events.len() as u64,
            bytes: self
                .events
                .iter()
                .map(|event| event.data.len() as u64)
                .sum(),
        }
    }
}

/// A number of events and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Size {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

impl Size {
    pub(crate) fn and(self, more: Self) -> Self {
        Self {
            events: self.events + more.events,
            bytes: self.bytes + more.bytes,
        }
    }

    pub(crate) fn without(self, gone: Self) -> Self {
        Self {
            events: self.events.saturating_sub(gone.events),
            bytes: self.bytes.saturating_sub(gone.bytes),
        }
    }

    pub(crate) fn fits(self, limit: Self) -> bool {
        self.events <= limit.events && self.bytes <= limit.bytes
    }
}
