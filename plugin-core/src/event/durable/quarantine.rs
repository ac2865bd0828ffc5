//! Finds a poison event: an event that crashes the process whenever it is handled.
//!
//! After a crash, the events at the head of the queue that may have been in a handler are recorded
//! as suspects with one write, and delivered as usual, because most crashes have other causes.
//! After a second crash, each recorded event that is still there is recorded by itself, and
//! delivered while no other suspect is in a handler, so that crashes are counted for the event that
//! was being handled.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::store::{Stored, Suspicion};

/// Suspects of more than one crash are handled here, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Quarantine(Arc<tokio::sync::Mutex<()>>);

/// Exists while a suspect is being handled, until it is settled.
pub(super) struct Watch {
    /// Present for an event in quarantine.
    _alone: Option<OwnedMutexGuard<()>>,
}

impl Quarantine {
    /// Waits until no other event is in quarantine.
    pub(super) async fn alone(&self) -> Watch {
        let alone = Arc::clone(&self.0).lock_owned().await;
        Watch {
            _alone: Some(alone),
        }
    }
}

impl Watch {
    /// The watch of a suspect that is handled beside others.
    pub(super) const fn with_others() -> Self {
        Self { _alone: None }
    }
}

/// Keeps only the first events that are of one kind: those that belong into quarantine, or those
/// that do not. No suspect is recorded while events before it are in quarantine.
pub(super) fn take_one_kind(events: &mut Vec<Stored>) {
    let is_alone = |stored: &Stored| match stored.suspicion {
        Suspicion::Suspect { crashes } => crashes > 0,
        Suspicion::None | Suspicion::Poison { .. } => false,
    };
    let first = events.first().is_some_and(is_alone);
    let others = events.iter().position(|stored| is_alone(stored) != first);
    events.truncate(others.unwrap_or(events.len()));
}

/// The events of a subscription that may have been in a handler when the previous process crashed:
/// the first ones of its queue, as many as can have been between store and settlement.
#[derive(Default)]
pub(super) struct CrashSuspects(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    count: usize,
    /// The last position.
    until: u64,
}

impl CrashSuspects {
    /// Adds suspects, in order, up to the given number; returns which of the given ones are
    /// included.
    pub(super) fn enter(&self, suspects: impl Iterator<Item = u64>, most: usize) -> Vec<u64> {
        let mut entries = self.entries();
        let mut watched = Vec::new();
        for position in suspects {
            if position > entries.until {
                if entries.count >= most {
                    break;
                }
                entries.count += 1;
                entries.until = position;
            }
            watched.push(position);
        }
        watched
    }

    pub(super) fn holds(&self, position: u64) -> bool {
        position <= self.entries().until
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::event::durable::store::{Record, Ticket};
    use crate::idempotency::IdempotencyKey;

    fn stored(position: u64, suspicion: Suspicion) -> Stored {
        let record = Record {
            key: IdempotencyKey::next(),
            source: "host".into(),
            published: SystemTime::now(),
            parent: None,
            data: "{}".into(),
            ticket: Ticket::default(),
        };
        Stored {
            position,
            record,
            suspicion,
        }
    }

    #[test]
    fn nobody_is_noted_while_those_before_it_are_in_quarantine() {
        let crashes = [0, 0, 2, 1, 0];
        let mut events: Vec<_> = (1..)
            .zip(crashes)
            .map(|(position, crashes)| stored(position, Suspicion::Suspect { crashes }))
            .collect();
        let mut taken = Vec::new();
        while !events.is_empty() {
            let rest = events.clone();
            take_one_kind(&mut events);
            taken.push(events.len());
            events = rest[events.len()..].to_vec();
        }
        assert_eq!(taken, [2, 2, 1]);
    }

    #[test]
    fn those_behind_what_can_have_been_in_flight_only_waited() {
        let in_flight = CrashSuspects::default();
        assert_eq!(in_flight.enter([3, 5].into_iter(), 3), [3, 5]);
        assert_eq!(in_flight.enter([8, 9, 12].into_iter(), 3), [8]);
        assert!(in_flight.holds(8) && !in_flight.holds(9));
        assert_eq!(in_flight.enter([20].into_iter(), 3), [0; 0]);
        assert_eq!(
            in_flight.enter([5, 9].into_iter(), 3),
            [5],
            "after a restart of the plugin they are the same ones"
        );
    }
}
