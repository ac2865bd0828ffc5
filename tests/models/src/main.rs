//! Models of the kernel's own synchronization: loom runs each in every interleaving of its threads,
//! with every value that the memory model lets a load see.
//!
//! What is modelled are the kernel's real sources, included by `#[path]`: they name their
//! primitives through `crate::sync`, which is `plugin-core/src/sync.rs` there and loom's here.
//! What stands around them is a stand-in, and says so: `event/queue/job.rs` for a job, `sync/` for
//! tokio's primitives, which tokio checks by loom itself. Where a model has
//! to repeat lines of the kernel, it says `copy`.
//!
//! loom takes a `SeqCst` access for an `AcqRel` one: `sync/atomic.rs` puts a fence before each that
//! reads, so the order between such an access and a weaker one of another place is a little
//! stronger here than on a machine.
//!
//! `cargo xtask test models` runs all, `cargo run -p kernel-models -- mailbox` some.
//! `LOOM_MAX_PREEMPTIONS` sets the bound of thread switches that a model is not forced to.

#![allow(clippy::unwrap_used, reason = "a model fails by panicking")]
#![allow(
    clippy::unused_self,
    reason = "stand-ins take what the kernel's own take"
)]
#![allow(
    clippy::arc_with_non_send_sync,
    reason = "the threads of a model are one, and loom watches its cells"
)]

mod event;
mod sync;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// A name, and what is run in every interleaving.
type Model = (&'static str, fn());

/// Switches of threads that nothing forces, unless the environment says otherwise. Nearly all
/// mistakes of this kind need no more than two (Musuvathi and Qadeer, PLDI 2007).
const PREEMPTIONS: usize = 2;

fn main() -> ExitCode {
    let filter: Vec<_> = (std::env::args().skip(1))
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let wanted = |name: &str| filter.is_empty() || filter.iter().any(|part| name.contains(part));
    let models = event::MODELS.into_iter().flatten();
    let mut passed = 0;
    for (name, model) in models.filter(|(name, _)| wanted(name)) {
        let began = Instant::now();
        say(&format!("model {name}"));
        let count = explore(*model);
        let took = began.elapsed().as_millis();
        say(&format!("  holds in {count} interleavings, {took} ms"));
        passed += 1;
    }
    say(&format!("{passed} passed, 0 failed"));
    ExitCode::SUCCESS
}

/// Runs a model in every interleaving, and says how many there were; it panics, and the process
/// fails, at the first that is bad.
fn explore(model: fn()) -> u64 {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    let count = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&count);
    builder.check(move || {
        counting.fetch_add(1, Relaxed);
        model();
    });
    count.load(Relaxed)
}

fn say(text: &str) {
    // Whoever reads our output may have gone.
    let _closed = writeln!(std::io::stdout(), "{text}");
}
