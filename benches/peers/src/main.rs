//! The kernel beside crates that do some of the same: `cargo xtask peers`.

#![expect(
    clippy::print_stdout,
    reason = "a command, whose output is what it is for"
)]
mod actors;
mod channels;
mod events;
mod mailbox;

use kernel_benches::{Outcome, table};

fn main() {
    let mut outcomes: Vec<Outcome> = Vec::new();
    for mut contest in [events::to_one(), events::to_four(), mailbox::contest()] {
        outcomes.extend(contest.measure());
    }
    print!("{}", table(&outcomes));
}
