//! Failed logins: a client that guesses has to wait, and other clients do not.
//!
//! Failures are counted for each pair of a user and a network. After some failures, each further
//! one causes a pause that doubles. So a stranger who guesses slows down only himself. In addition
//! there are two budgets: one of a user from all networks, and one of a network for all users. They
//! slow down a client that guesses from many networks or for many users. They refill steadily and
//! exclude nobody for long. A network from which the user has logged in before counts for neither
//! of them.
//!
//! An attempt counts as a failure from its beginning, and is taken back if it turns out not to be
//! one, so guesses at the same time all count. Times are from a clock that can't be set.

mod bucket;
mod counters;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use self::bucket::{Bucket, Network, Pair};
use self::counters::Counters;
use crate::config::Failures;
use crate::origin::Origin;

/// Most pairs, users and networks that are remembered: about 10 MB.
const PAIRS: usize = 65_536;
const USERS: usize = 32_768;
const NETWORKS: usize = 65_536;

/// Most logins from one network that run or wait at the same time: half of those that can wait in
/// total.
const AT_ONCE: u32 = 32;

/// The pause after the first failure above the limit; each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause of a user at a network from which that user has logged in before: another
/// person there can delay the user, but not exclude him.
const LONGEST_KNOWN_PAUSE: Duration = Duration::from_secs(30);

/// Counts attempts.
#[derive(Debug)]
pub(crate) struct Attempts {
    limits: Failures,
    hasher: RandomState,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    pairs: Counters<Pair>,
    users: Counters<Bucket>,
    networks: Counters<Network>,
}

/// The reason why an attempt may not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Throttled {
    /// There were too many failures; contains the time to wait.
    Later(Duration),
    /// Too many logins from this network run at the same time.
    Busy,
}

/// An attempt in progress. If it is dropped without an outcome, it counts as a failure.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    attempts: &'a Attempts,
    keys: Keys,
    /// Whether it counts for the budgets.
    is_stranger: bool,
    /// The state of the pair before the attempt.
    before: Pair,
    /// Whether its failure causes the first pause.
    pauses: bool,
}

#[derive(Debug, Clone, Copy)]
struct Keys {
    pair: u64,
    user: u64,
    network: u64,
}

impl Attempts {
    pub(crate) fn new(limits: Failures) -> Self {
        Self {
            limits,
            hasher: RandomState::new(),
            state: Mutex::new(State {
                pairs: Counters::new(PAIRS),
                users: Counters::new(USERS),
                networks: Counters::new(NETWORKS),
            }),
        }
    }

    /// Begins an attempt. `is_known` says that the user has logged in from this network before.
    ///
    /// # Errors
    ///
    /// Returns an error if the attempt has to wait.
    pub(crate) fn begin(&self, origin: &Origin, is_known: bool) -> Result<Attempt<'_>, Throttled> {
        let (keys, now, window) = (self.keys(origin), Instant::now(), self.window());
        let mut state = self.state();
        let State {
            pairs,
            users,
            networks,
        } = &mut *state;
        if let Some(pause) = pairs
            .get(keys.pair, now, window)
            .and_then(|pair| pair.pause(now))
        {
            return Err(Throttled::Later(pause));
        }
        let network = networks.of(keys.network, now, window, || Network::new(now));
        if network.running >= AT_ONCE {
            return Err(Throttled::Busy);
        }
        if !is_known {
            let user = users.of(keys.user, now, window, || Bucket::new(now));
            let waits = [
                user.wait(now, window, self.limits.per_user_total),
                network.budget.wait(now, window, self.limits.per_ip),
            ];
            if let Some(wait) = waits.into_iter().flatten().max() {
                return Err(Throttled::Later(wait));
            }
            user.take(now, window, self.limits.per_user_total);
            network.budget.take(now, window, self.limits.per_ip);
        }
        network.running += 1;
        let pair = pairs.of(keys.pair, now, window, || Pair::new(now));
        let before = *pair;
        let free = self.limits.per_user.get();
        let longest = if is_known {
            LONGEST_KNOWN_PAUSE.min(window)
        } else {
            window
        };
        pair.fail(now, free, FIRST_PAUSE, longest);
        let pauses = pair.failures == free;
        drop(state);
        Ok(Attempt {
            attempts: self,
            keys,
            is_stranger: !is_known,
            before,
            pauses,
        })
    }

    fn keys(&self, origin: &Origin) -> Keys {
        let key = |user: &str, network: &str| self.hasher.hash_one((user, network));
        Keys {
            pair: key(&origin.user, &origin.network),
            user: self.hasher.hash_one(&origin.user),
            network: self.hasher.hash_one(&origin.network),
        }
    }

    fn window(&self) -> Duration {
        self.limits.window.get()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// The password was right: the failures of the pair are removed, and the budgets get the
    /// attempt back. Earlier failures in the budgets stay; otherwise, an attacker with an account
    /// of his own could reset them and continue to guess the passwords of others.
    pub(crate) fn succeeded(self) {
        self.attempts.state().pairs.remove(self.keys.pair);
        self.give_back();
    }

    /// The password was wrong. Returns whether this is the failure after which pauses begin.
    pub(crate) fn failed(self) -> bool {
        self.pauses
    }

    /// It is not known whether the password was right, so the attempt is taken back.
    pub(crate) fn undecided(self) {
        let (now, window) = (Instant::now(), self.attempts.window());
        if let Some(pair) = self.attempts.state().pairs.get(self.keys.pair, now, window) {
            pair.give_back(&self.before);
        }
        self.give_back();
    }

    fn give_back(&self) {
        if !self.is_stranger {
            return;
        }
        let (now, window) = (Instant::now(), self.attempts.window());
        let limits = &self.attempts.limits;
        let mut state = self.attempts.state();
        if let Some(user) = state.users.get(self.keys.user, now, window) {
            user.give_back(window, limits.per_user_total);
        }
        if let Some(network) = state.networks.get(self.keys.network, now, window) {
            network.budget.give_back(window, limits.per_ip);
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let (now, window) = (Instant::now(), self.attempts.window());
        let mut state = self.attempts.state();
        if let Some(network) = state.networks.get(self.keys.network, now, window) {
            network.running = network.running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
