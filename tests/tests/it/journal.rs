//! A plugin that writes down what the other plugins of its system tell it, in order.

use std::sync::Mutex;

use plugin_core::prelude::*;

/// Lines, in the order in which they were written.
#[service]
pub(crate) trait Journal {
    /// Adds a line.
    fn write(&self, line: String);

    /// All lines.
    fn lines(&self) -> Vec<String>;

    /// Forgets all lines.
    fn clear(&self);
}

#[derive(Default)]
pub(crate) struct Notebook(Mutex<Vec<String>>);

#[plugin(name = "test-journal", kind = system, provides(Journal))]
impl Notebook {
    #[init]
    fn init() -> Self {
        Self::default()
    }
}

#[service]
impl Journal for Notebook {
    fn write(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}
