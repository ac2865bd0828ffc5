//! The soak, for as long as a test may take.

use std::path::PathBuf;
use std::process::Command;

/// The soak beside the test's own binary.
fn binary() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let profile = own.parent().and_then(std::path::Path::parent).unwrap();
    let binary = profile.join(format!("soak{}", std::env::consts::EXE_SUFFIX));
    assert!(
        binary.is_file(),
        "`{}` is not there: run `cargo build -p soak` first",
        binary.display()
    );
    binary
}

#[test]
fn a_few_seconds_of_faults_leave_everything_accounted_for() {
    let output = Command::new(binary())
        .args(["--seconds", "5", "--seed", "11"])
        // As `cargo xtask soak` sets it.
        .env("MALLOC_MMAP_THRESHOLD_", "1048576")
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.ends_with("good\n"), "{said}");
}

#[test]
fn report_a2_a_hundred_reloads_lose_no_event_and_no_connection() {
    let output = Command::new(binary())
        .args(["--reloads", "100", "--seed", "11"])
        // As `cargo xtask soak` sets it.
        .env("MALLOC_MMAP_THRESHOLD_", "1048576")
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.ends_with("good\n"), "{said}");
}

#[test]
fn a_wrong_option_is_named() {
    let output = Command::new(binary()).args(["--hours", "1"]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("`--hours` is no option"), "{said}");
}
