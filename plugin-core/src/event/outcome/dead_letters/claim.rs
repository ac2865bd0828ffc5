//! A letter that is being replayed, which nobody else replays or drops meanwhile.

use super::DeadLetters;
use super::letter::{DeadLetter, DeadLetterId};

/// The right to replay or drop a letter: one at a time has it.
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

    /// Removes the letter, which was replayed well.
    pub(crate) async fn done(&self) {
        self.claim.letters.gone(self.letter.id).await;
    }

    /// Files the letter of a replay that failed.
    pub(crate) async fn file_again(&self, now: DeadLetter) {
        self.claim.letters.file(self.again(now)).await;
    }

    /// The same letter, after one more delivery that failed.
    pub(crate) fn again(&self, now: DeadLetter) -> DeadLetter {
        self.letter.again(now)
    }
}

impl DeadLetter {
    /// The same letter, after one more delivery that failed: `now` is what came of that.
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
    /// Claims a letter; `None` if somebody else has.
    pub(crate) fn claim(&self, id: DeadLetterId) -> Option<Claim> {
        self.claimed().insert(id).then(|| Claim {
            id,
            letters: self.clone(),
        })
    }
}
