//! Versions and requirements, against the crate that Cargo uses.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use plugin_core::version::{Version, is_valid_requirement};
use proptest::prelude::*;

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0..4_u64).prop_map(|number| number.to_string()),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => prop::sample::select(vec!["00", "01", "18446744073709551616", "", "-1", "x"])
            .prop_map(str::to_owned),
    ]
}

/// Parts that a pre-release or build metadata is made of, good and bad.
fn tail() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "alpha", "beta", "1", "2", "11", "01", "1a", "-", "", "é",
    ]);
    prop::collection::vec(word, 1..3).prop_map(|words| words.join("."))
}

fn suffix() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        3 => tail().prop_map(|tail| format!("-{tail}")),
        1 => tail().prop_map(|tail| format!("+{tail}")),
        1 => (tail(), tail()).prop_map(|(pre, build)| format!("-{pre}+{build}")),
    ]
}

fn version() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => (number(), number(), number(), suffix())
            .prop_map(|(major, minor, patch, suffix)| format!("{major}.{minor}.{patch}{suffix}")),
        1 => "[0-9.+a-]{0,8}",
    ]
}

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => number(),
        1 => prop::sample::select(vec!["*", "x", "X"]).prop_map(str::to_owned),
    ]
}

fn comparator() -> impl Strategy<Value = String> {
    let op = prop::sample::select(vec![
        "", "", "=", ">", ">=", "<", "<=", "~", "^", "^ ", "> =", "!",
    ]);
    let parts = prop::collection::vec(part(), 1..=4).prop_map(|parts| parts.join("."));
    (op, parts, suffix()).prop_map(|(op, parts, suffix)| format!("{op}{parts}{suffix}"))
}

fn requirement() -> impl Strategy<Value = String> {
    let separator = prop::sample::select(vec![",", ", ", " , ", " ", ",,"]);
    prop_oneof![
        8 => comparator(),
        4 => (comparator(), separator, comparator()).prop_map(|(a, by, b)| format!("{a}{by}{b}")),
        1 => prop::sample::select(vec!["*", " * ", "*,1", "", " ", "1,", " ^1 "]).prop_map(str::to_owned),
    ]
}

fn read(text: &str) -> Option<Version> {
    Version::try_parse(text.to_owned().leak())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn versions_are_read_as_cargo_reads_them(text in version()) {
        let expected = semver::Version::parse(&text).ok().map(|mut version| {
            version.build = semver::BuildMetadata::EMPTY;
            version.to_string()
        });
        prop_assert_eq!(read(&text).map(|version| version.to_string()), expected);
    }

    #[test]
    fn versions_are_compared_as_cargo_compares_them(a in version(), b in version()) {
        if let (Ok(one), Ok(other)) = (semver::Version::parse(&a), semver::Version::parse(&b)) {
            prop_assert_eq!(read(&a).cmp(&read(&b)), one.cmp_precedence(&other));
        }
    }

    #[test]
    fn requirements_are_met_as_in_cargo(requirement in requirement(), version in version()) {
        let expected = semver::VersionReq::parse(&requirement);
        prop_assert_eq!(is_valid_requirement(&requirement), expected.is_ok());
        if let (Ok(expected), Ok(version)) = (expected, semver::Version::parse(&version)) {
            let met = read(&version.to_string()).unwrap().meets(&requirement);
            prop_assert_eq!(met, expected.matches(&version));
        }
    }
}

#[test]
fn cargo_reads_at_most_32_comparators() {
    for count in [32, 33] {
        let requirement = vec![">0"; count].join(",");
        assert_eq!(
            is_valid_requirement(&requirement),
            semver::VersionReq::parse(&requirement).is_ok()
        );
    }
}

#[test]
#[should_panic(expected = "not a semantic version: write it as `1.2.3` or `1.2.3-alpha.1`")]
fn a_version_that_is_none_says_how_to_write_one() {
    assert_eq!(Version::parse("1.2").major, 1);
}
