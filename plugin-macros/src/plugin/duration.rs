//! Durations in options: `"250ms"`, `"5s"`, `"2m"`, `"1h"`.

use syn::LitStr;

use crate::diagnostics::Diagnostics;

/// Parses a duration into milliseconds.
pub(crate) fn millis(text: &LitStr, diagnostics: &mut Diagnostics) -> Option<u64> {
    let value = text.value();
    let millis = read(&value);
    if millis.is_none() {
        let message = format!(
            "`{value}` is no duration: write a whole number and a unit, `ms`, `s`, `m` or `h`, \
             as in \"5s\""
        );
        diagnostics.at(text, message);
    }
    millis
}

fn read(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let scale = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        assert_eq!(read("250ms"), Some(250));
        assert_eq!(read("2m"), Some(120_000));
        for text in [
            "",
            "5",
            "s",
            "5 s",
            "-5s",
            "5d",
            "1.5s",
            "99999999999999999999h",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
