//! Files by size and by time, with the clock in the test's hand.

use std::time::UNIX_EPOCH;

use super::*;

/// 2026-11-30 10:00 UTC.
const TEN: u64 = 1_796_032_800;

fn at(minute: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(TEN + minute * 60)
}

fn limits(period: RollingPeriod, max_bytes: u64, max_files: usize) -> Limits {
    Limits {
        period,
        max_bytes,
        max_files,
    }
}

fn rolling(directory: &Path, limits: Limits) -> Rolling {
    Rolling::new(&directory.join("a.log"), limits)
}

/// Name and text of each file, in order of the names.
fn files(directory: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(directory).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| {
            let entry = entry.unwrap();
            let text = fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        })
        .collect();
    files.sort();
    files
}

fn is(directory: &Path, expected: &[(&str, &str)]) {
    let files = files(directory);
    let files: Vec<_> = (files.iter())
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    assert_eq!(files, expected);
}

#[test]
fn a_full_file_makes_room_and_the_oldest_goes() {
    let directory = tempfile::tempdir().unwrap();
    let mut rolling = rolling(directory.path(), limits(RollingPeriod::Never, 10, 3));
    for line in ["11111\n", "2\n", "33333\n", "44444\n", "55555\n"] {
        rolling.append(at(0), line.as_bytes()).unwrap();
    }
    is(
        directory.path(),
        &[
            ("a.1.log", "44444\n"),
            ("a.2.log", "33333\n"),
            ("a.log", "55555\n"),
        ],
    );
}

#[test]
fn lines_that_come_together_are_shared_out() {
    let directory = tempfile::tempdir().unwrap();
    let mut rolling = rolling(directory.path(), limits(RollingPeriod::Never, 10, 0));
    let lines = b"1111\n2222\n333333333333\n4\n";
    rolling.append(at(0), lines).unwrap();
    is(
        directory.path(),
        &[
            ("a.1.log", "333333333333\n"),
            ("a.2.log", "1111\n2222\n"),
            ("a.log", "4\n"),
        ],
    );
}

#[test]
fn what_is_there_is_kept_and_counts() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.log"), "1234567\n").unwrap();
    let mut rolling = rolling(directory.path(), limits(RollingPeriod::Never, 10, 1));
    rolling.append(at(0), b"new\n").unwrap();
    is(directory.path(), &[("a.log", "new\n")]);
}

#[test]
fn a_line_that_was_cut_off_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.log"), "half").unwrap();
    let mut rolling = rolling(directory.path(), limits(RollingPeriod::Never, 99, 1));
    rolling.append(at(0), b"new\n").unwrap();
    is(directory.path(), &[("a.log", "half\nnew\n")]);
}

#[test]
fn report_b13_a_restart_keeps_the_lines_of_today_and_the_files_of_others() {
    let directory = tempfile::tempdir().unwrap();
    let strangers = [
        "a-notes.log",
        "a.2026-11-29.log.gz",
        "a.old.log",
        "ab.2026-11-29.log",
    ];
    for name in strangers {
        fs::write(directory.path().join(name), "").unwrap();
    }
    for name in ["a.2026-11-28.log", "a.2026-11-29.log", "a.3.log"] {
        fs::write(directory.path().join(name), "old\n").unwrap();
    }
    for line in ["one\n", "two\n"] {
        let mut rolling = rolling(directory.path(), limits(RollingPeriod::Day, 99, 1));
        rolling.append(at(0), line.as_bytes()).unwrap();
    }
    is(
        directory.path(),
        &[
            ("a-notes.log", ""),
            ("a.2026-11-29.log.gz", ""),
            ("a.2026-11-30.log", "one\ntwo\n"),
            ("a.old.log", ""),
            ("ab.2026-11-29.log", ""),
        ],
    );
}

#[test]
fn report_b21_the_file_follows_a_clock_that_is_set_back() {
    let directory = tempfile::tempdir().unwrap();
    let mut rolling = rolling(directory.path(), limits(RollingPeriod::Minute, 99, 2));
    for (minute, line) in [(60, "a\n"), (61, "b\n"), (1, "c\n"), (2, "d\n"), (2, "e\n")] {
        rolling.append(at(minute), line.as_bytes()).unwrap();
    }
    // Of those that are not written, the one with the latest date is kept.
    is(
        directory.path(),
        &[
            ("a.2026-11-30-10-02.log", "d\ne\n"),
            ("a.2026-11-30-11-01.log", "b\n"),
        ],
    );
}

#[test]
fn report_a13_a_day_is_bounded_by_size_too() {
    let directory = tempfile::tempdir().unwrap();
    let mut rolling = rolling(directory.path(), limits(RollingPeriod::Day, 8, 2));
    for line in ["one\n", "two\n", "three\n", "four\n"] {
        rolling.append(at(0), line.as_bytes()).unwrap();
    }
    is(
        directory.path(),
        &[
            ("a.2026-11-30.1.log", "three\n"),
            ("a.2026-11-30.log", "four\n"),
        ],
    );
}

#[test]
fn a_deleted_directory_is_made_again() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("logs");
    let mut rolling = rolling(&directory, limits(RollingPeriod::Never, 99, 2));
    rolling.append(at(0), b"one\n").unwrap();
    fs::remove_dir_all(&directory).unwrap();
    // As if the time until the next look were over.
    rolling.current.as_mut().unwrap().looked -= LOOK;
    rolling.append(at(0), b"two\n").unwrap();
    is(&directory, &[("a.log", "two\n")]);
}

#[cfg(unix)]
#[test]
fn report_a15_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("logs");
    let mut rolling = rolling(&directory, limits(RollingPeriod::Never, 99, 2));
    rolling.append(at(0), b"one\n").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&directory.join("a.log")), 0o600);
}
