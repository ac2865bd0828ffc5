//! Random plugins, subscriptions, publishers and faults, against an oracle that reads the history:
//! no accepted event is lost or handled twice or out of order, nobody is called before his start
//! or after his stop, every number is exact, and every wait ends.
//!
//! `PROPTEST_CASES=5000 cargo test -p integration-tests --test it -- states::events` runs more. A
//! case that fails is shrunk and printed, and its seed is kept in `events.regressions` beside this
//! file, from which it is run first the next time.

mod archive;
mod driver;
mod handlers;
mod history;
mod operation;
mod oracle;
mod subjects;

use proptest::prelude::*;

use driver::Release;
use operation::{Operation, Setup};

use super::cases;

fn check(
    runtime: &mut tokio::runtime::Builder,
    (setup, operations): (Setup, &[Operation]),
    release: Release,
) -> Result<(), TestCaseError> {
    let runtime = runtime.enable_all().build().unwrap();
    let facts = runtime.block_on(driver::run(setup, operations, release));
    oracle::judge(&facts)
}

proptest! {
    #![proptest_config(cases(192))]

    /// One thread, whose clock goes on when all wait: hung calls run out of time, drains are late.
    #[test]
    fn one_thread_keeps_its_word(setup in operation::setup(), operations in operation::operations()) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        check(runtime.start_paused(true), (setup, &operations), Release::Told)?;
    }
}

proptest! {
    #![proptest_config(cases(96))]

    /// Publishers, workers and the manager at once.
    #[test]
    fn several_threads_keep_their_word(setup in operation::setup(), operations in operation::operations()) {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        check(runtime.worker_threads(3), (setup, &operations), Release::Always)?;
    }
}
