//! The states of a plugin, against oracles that are written another way.

mod events;
mod operations;
mod table;

use proptest::test_runner::{Config, FileFailurePersistence};

/// As many cases as are asked for, or a modest number.
fn cases(modest: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok();
    Config {
        cases: asked.and_then(|asked| asked.parse().ok()).unwrap_or(modest),
        max_shrink_iters: 2_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..Config::default()
    }
}
