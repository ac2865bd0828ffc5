//! The syntax of versions and version requirements, as in Cargo.

use syn::LitStr;

use crate::diagnostics::Diagnostics;

/// `"1.2.3"`, `"1.2.3-beta.1"`.
pub(crate) fn check_version(text: &LitStr, diagnostics: &mut Diagnostics) {
    let value = text.value();
    if !is_version(&value) {
        let message = format!(
            "`{value}` is no semantic version: write three numbers with dots between them, as in \
             \"1.2.3\""
        );
        diagnostics.at(text, message);
    }
}

/// `"^1.2"`, `">=1, <3"`, `"*"`.
pub(crate) fn check_requirement(text: &LitStr, diagnostics: &mut Diagnostics) {
    let value = text.value();
    if value.trim() != "*" && !value.split(',').all(|part| is_comparator(part.trim())) {
        let message = format!(
            "`{value}` is no version requirement: write it as in Cargo.toml, \"^1.2\", \"~1.2.3\", \
             \">=1, <3\" or \"*\""
        );
        diagnostics.at(text, message);
    }
}

fn is_version(text: &str) -> bool {
    let (numbers, tail) = cut(text);
    let numbers: Vec<&str> = numbers.split('.').collect();
    numbers.len() == 3 && numbers.into_iter().all(is_number) && is_tail(tail)
}

fn is_comparator(text: &str) -> bool {
    let operators = [">=", "<=", ">", "<", "=", "^", "~"];
    let operator = operators
        .into_iter()
        .find(|operator| text.starts_with(operator));
    let rest = text[operator.map_or(0, str::len)..].trim_start();
    let (numbers, tail) = cut(rest);
    let parts: Vec<&str> = numbers.split('.').collect();
    let wild = parts
        .iter()
        .position(|part| *part == "*")
        .unwrap_or(parts.len());
    let stars_end_it = wild > 0 && parts[wild..].iter().all(|part| *part == "*");
    let may_have_stars = wild == parts.len() || operator.is_none();
    let may_have_tail = tail.is_empty() || (parts.len() == 3 && wild == 3 && is_tail(tail));
    parts.len() <= 3
        && parts[..wild].iter().all(|part| is_number(part))
        && stars_end_it
        && may_have_stars
        && may_have_tail
}

/// The numbers, and the rest, which begins with the first `-` or `+`.
fn cut(text: &str) -> (&str, &str) {
    text.split_at(text.find(['-', '+']).unwrap_or(text.len()))
}

fn is_number(text: &str) -> bool {
    let canonical = text == "0" || !text.starts_with('0');
    canonical && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok()
}

/// Whether the rest is empty, or `-pre.release`, or `+build`, or both.
fn is_tail(tail: &str) -> bool {
    let (pre, build) = tail.split_at(tail.find('+').unwrap_or(tail.len()));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let pre_is_one = pre.strip_prefix('-').is_none_or(|pre| {
        pre.split('.')
            .all(|part| is_identifier(part) && (!numeric(part) || is_number(part)))
    });
    let build_is_one = build
        .strip_prefix('+')
        .is_none_or(|build| build.split('.').all(is_identifier));
    pre_is_one && build_is_one
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::{is_comparator, is_version};

    #[test]
    fn versions() {
        for good in [
            "0.0.0",
            "1.2.3",
            "1.2.3-beta.1",
            "1.2.3+build.05",
            "1.2.3-a-b+c",
        ] {
            assert!(is_version(good), "{good}");
        }
        for bad in [
            "", "1", "1.2", "1.2.3.4", "01.2.3", "v1.2.3", "1.2.x", "1.2.3-", "1.2.3-01",
        ] {
            assert!(!is_version(bad), "{bad}");
        }
    }

    #[test]
    fn comparators() {
        for good in [
            "1",
            "1.2",
            "^1.2.3",
            "~ 1.2",
            ">=1",
            "<2.0.0-rc.1",
            "=1.2.3",
            "1.*",
            "1.2.*",
        ] {
            assert!(is_comparator(good), "{good}");
        }
        for bad in [
            "", "^", "^^1", "1.2.3.4", "one", "1.*.3", ">=1.*", "*.1", "1.2-rc",
        ] {
            assert!(!is_comparator(bad), "{bad}");
        }
    }
}
