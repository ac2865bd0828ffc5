//! The claim on a letter that is being replayed, which excludes other replays and drops.

use super::DeadLetters;
use super::letter::{DeadLetter, DeadLetterId};

/// The right to replay or drop a letter. Only one claim on a letter can exist at a time.
pub(crate) struct Claim {
    id: DeadLetterId,
    letters: DeadLetters,
}

/// A letter that is being replayed.
pub(crate) struct Replay {
    letter: DeadLetter,
    claim: Claim,
}

impl Claim {
    /// A replay of the letter, as it was read after the claim.
    pub(crate) fn replay(self, letter: DeadLetter) -> Replay {
        Replay {
            letter,
            claim: self,
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.letters.claimed().remove(&self.id);
    }
}

impl Replay {
    /// The letter as it was when it was claimed.
    pub(crate) fn letter(&self) -> &DeadLetter {
        &self.letter
    }

    /// Removes the letter after a successful replay.
    pub(crate) async fn done(&self) {
        self.claim.letters.gone(self.letter.id).await;
    }

    /// Files the letter again after a failed replay.
    pub(crate) async fn file_again(&self, now: DeadLetter) {
        self.claim.letters.file(self.again(now)).await;
    }

    /// The same letter, after one more failed delivery.
    pub(crate) fn again(&self, now: DeadLetter) -> DeadLetter {
        self.letter.again(now)
    }
}

impl DeadLetter {
    /// The same letter, after one more failed delivery, whose letter is `now`.
    #[must_use]
    pub fn again(&self, now: Self) -> Self {
        Self {
            id: self.id,
            attempts: self.attempts.saturating_add(now.attempts),
            first_at: self.first_at.clone(),
            trace: self.trace,
            replays: self.replays.saturating_add(1),
            ..now
        }
    }
}

impl DeadLetters {
    /// Claims a letter; `None` if it is already claimed.
    pub(crate) fn claim(&self, id: DeadLetterId) -> Option<Claim> {
        self.claimed().insert(id).then(|| Claim {
            id,
            letters: self.clone(),
        })
    }
}
