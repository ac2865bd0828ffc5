//! One mistake a file, and the message that it gets: `ui/SUBJECT/MISTAKE.rs` and `.stderr`.
//!
//! `TRYBUILD=overwrite cargo test -p integration-tests --test ui` writes the messages anew; read
//! each of them before it is committed.

#[test]
fn ui() {
    trybuild::TestCases::new().compile_fail("ui/**/*.rs");
}
