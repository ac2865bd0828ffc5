//! What processes have in common that a test starts to see them end.

use std::io::Write;

use tokio::runtime::{Builder, Runtime};

/// What the test tells the process.
pub(super) fn variable(name: &str) -> String {
    std::env::var(name).unwrap()
}

pub(super) fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// Tells the test something, in one write, which is whole however the process ends.
pub(super) fn tell(line: &str) {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("{line}\n").as_bytes()).unwrap();
    stdout.flush().unwrap();
}
