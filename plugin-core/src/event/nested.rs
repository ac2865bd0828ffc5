//! How deep inline handlers publish within each other.

use std::cell::Cell;

use crate::error::{Error, Result};

/// Inline handlers that call each other through events, deepest allowed.
const DEEPEST: usize = 32;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// One inline call within others: events may form a circle, a stack may not.
pub(super) struct Nested;

impl Nested {
    pub(super) fn begin(topic: &str) -> Result<Self> {
        let depth = DEPTH.get();
        if depth >= DEEPEST {
            return Err(Error::bug(format!(
                "`{topic}` was published {DEEPEST} times within itself: make one handler of the circle an `async fn`"
            )));
        }
        DEPTH.set(depth + 1);
        Ok(Self)
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}
