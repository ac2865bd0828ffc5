//! What may come into the build from outside: the licences, banned crates and sources of `deny.toml`.
//!
//! `cargo deny` checks the same, and takes minutes to compile, so CI asks Cargo itself.

use std::fs;
use std::path::Path;

use crate::command::{cargo, output, root};

/// The only place that dependencies come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(crate) fn run() -> Result<(), String> {
    let root = root();
    let (rules, lock) = (read(&root, "deny.toml")?, read(&root, "Cargo.lock")?);
    let tree = output(cargo([
        "tree",
        "--locked",
        "--workspace",
        "--all-features",
        "--edges=normal,build,dev",
        "--prefix=none",
        "--no-dedupe",
        "--format={p}|{l}",
    ]))?;
    let mut faults = licences(&list(&rules, "licenses", "allow"), &tree);
    faults.extend(banned(&list(&rules, "bans", "deny"), &lock));
    faults.extend(foreign(&lock));
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

fn read(root: &Path, name: &str) -> Result<String, String> {
    fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"))
}

/// The texts of the list `key = […]` of a section, a line each.
fn list<'t>(toml: &'t str, section: &str, key: &str) -> Vec<&'t str> {
    let header = format!("[{section}]");
    let lines = toml.lines().skip_while(|line| *line != header).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let begin = format!("{key} = [");
    lines
        .skip_while(|line| *line != begin)
        .take_while(|line| *line != "]")
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","))
        .collect()
}

/// The packages of a tree, `NAME vVERSION …|LICENCE` a line, whose licence is not allowed.
fn licences(allowed: &[&str], tree: &str) -> Vec<String> {
    let mut packages: Vec<_> = tree
        .lines()
        .filter_map(|line| line.split_once('|'))
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages.retain(|(_, licence)| !is_allowed(allowed, licence));
    let fault = |(package, licence): &(&str, &str)| {
        format!("{package}: licence `{licence}` is not allowed by deny.toml")
    };
    packages.iter().map(fault).collect()
}

/// Whether the terms of an SPDX expression can be met with what is allowed. A slash is how `OR` was
/// written before there were expressions.
fn is_allowed(allowed: &[&str], expression: &str) -> bool {
    if let Some(options) = split(expression, " OR ").or_else(|| split(expression, "/")) {
        return options.iter().any(|option| is_allowed(allowed, option));
    }
    if let Some(parts) = split(expression, " AND ") {
        return parts.iter().all(|part| is_allowed(allowed, part));
    }
    let expression = expression.trim();
    match expression.strip_prefix('(') {
        Some(inner) => is_allowed(allowed, inner.trim_end_matches(')')),
        None => allowed.contains(&expression),
    }
}

/// The parts between the operators that stand outside of parentheses, if there are any.
fn split<'e>(expression: &'e str, operator: &str) -> Option<Vec<&'e str>> {
    let mut parts = Vec::new();
    let mut begin = 0;
    for (at, _) in expression.match_indices(operator) {
        let before = &expression[..at];
        if before.matches('(').count() == before.matches(')').count() {
            parts.push(&expression[begin..at]);
            begin = at + operator.len();
        }
    }
    parts.push(&expression[begin..]);
    (parts.len() > 1).then_some(parts)
}

fn banned(names: &[&str], lock: &str) -> Vec<String> {
    let is_there = |name: &&&str| lock.contains(&format!("\nname = \"{name}\"\n"));
    let fault = |name: &&str| format!("{name}: banned by deny.toml, and in Cargo.lock");
    names.iter().filter(is_there).map(fault).collect()
}

fn foreign(lock: &str) -> Vec<String> {
    lock.lines()
        .filter_map(|line| line.strip_prefix("source = ")?.split('"').nth(1))
        .filter(|source| *source != REGISTRY)
        .map(|source| format!("{source}: dependencies come from crates.io"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_from_its_section() {
        let toml =
            "[a]\nallow = [\n    \"no\",\n]\n\n[b]\nallow = [\n    # Why.\n    \"yes\",\n]\n";
        assert_eq!(list(toml, "b", "allow"), ["yes"]);
        assert_eq!(list(toml, "b", "deny"), [""; 0]);
    }

    #[test]
    fn an_expression_is_allowed_when_its_terms_can_be_met() {
        let allows = |expression| is_allowed(&["MIT", "ISC", "A WITH B"], expression);
        for good in [
            "MIT",
            "GPL-3.0 OR MIT",
            "GPL-3.0/MIT",
            "MIT AND ISC",
            "(GPL-3.0 OR MIT) AND ISC",
            "A WITH B OR GPL-3.0",
        ] {
            assert!(allows(good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR ISC) AND GPL-3.0",
            "A",
        ] {
            assert!(!allows(bad), "{bad}");
        }
        let tree = "a v1.0.0|MIT\nb v1.0.0|GPL-3.0\nb v1.0.0|GPL-3.0\n";
        let faults = licences(&["MIT"], tree);
        assert_eq!(
            faults,
            ["b v1.0.0: licence `GPL-3.0` is not allowed by deny.toml"]
        );
    }

    #[test]
    fn a_banned_crate_and_a_foreign_source_are_faults() {
        let lock = format!(
            "[[package]]\nname = \"a\"\nsource = \"{REGISTRY}\"\n\n\
             [[package]]\nname = \"b\"\nsource = \"git+https://example.org/b\"\n"
        );
        assert_eq!(banned(&["b", "c"], &lock).len(), 1);
        let faults = foreign(&lock);
        assert_eq!(
            faults,
            ["git+https://example.org/b: dependencies come from crates.io"]
        );
    }
}
