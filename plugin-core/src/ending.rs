//! Resources that belong to the process and not to a plugin, such as the log, and that must finish
//! something after everything else has ended.

use std::sync::{Mutex, PoisonError};

static ENDINGS: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

/// Registers a function that is called whenever a system of this process has stopped or has failed
/// to start, after the last line that the kernel logs. The end of the process waits for it, so it
/// needs a time limit for everything that it waits for.
pub fn at_the_end(finish: fn()) {
    let mut endings = ENDINGS.lock().unwrap_or_else(PoisonError::into_inner);
    endings.push(finish);
}

/// Calls the registered functions, because a system has ended.
pub(crate) fn ended() {
    let endings = ENDINGS.lock().unwrap_or_else(PoisonError::into_inner);
    let endings = endings.clone();
    endings.into_iter().for_each(|finish| finish());
}
