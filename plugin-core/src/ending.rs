//! What belongs to the process and not to a plugin, such as the log, and has something to finish
//! when all else has ended.

use std::sync::{Mutex, PoisonError};

static ENDINGS: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

/// Has a function called whenever a system of this process has stopped, or did not start: after
/// the last line that the kernel logs. It holds up the end of the process, so it needs a limit for
/// whatever it waits for.
pub fn at_the_end(finish: fn()) {
    let mut endings = ENDINGS.lock().unwrap_or_else(PoisonError::into_inner);
    endings.push(finish);
}

/// A system has ended.
pub(crate) fn ended() {
    let endings = ENDINGS.lock().unwrap_or_else(PoisonError::into_inner);
    let endings = endings.clone();
    endings.into_iter().for_each(|finish| finish());
}
