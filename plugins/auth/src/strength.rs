//! Whether a password is easy to guess: by its length, by what is known about the user, and by its
//! form. A list of a million passwords would find more weak passwords, but would need a library.

/// Shortest password that is not weak, in bytes.
pub(crate) const SHORTEST: usize = 12;

/// Number of characters that must remain without the most common parts.
const LEFT: usize = 6;

/// Number of different characters, and of characters that do not follow from the previous one.
const VARIED: usize = 5;

/// Parts that many passwords contain.
const COMMON: [&str; 12] = [
    "password", "passwort", "passw0rd", "p@ssw0rd", "changeme", "iloveyou", "letmein", "welcome",
    "secret", "admin", "login", "demo",
];

/// Characters that are next to each other on a keyboard.
const ROWS: [&str; 5] = [
    "1234567890",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
];

/// Whether a password is easy to guess. `known` contains what is known about the user.
pub(crate) fn is_weak(known: &[&str], password: &str) -> bool {
    let text = password.to_lowercase();
    let known = || known.iter().map(|word| word.to_lowercase());
    let mut unit: Vec<char> = text.chars().collect();
    unit.truncate(period(&unit));
    let length: usize = unit.iter().map(|char| char.len_utf8()).sum();
    if password.len() < SHORTEST || length < SHORTEST || known().any(|word| word == text) {
        return true;
    }
    let mut left = text;
    let mut words: Vec<String> = known().filter(|word| word.len() >= 3).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in words {
        left = left.replace(&word, "");
    }
    for word in COMMON {
        left = left.replace(word, "");
    }
    let mut different = unit.clone();
    different.sort_unstable();
    different.dedup();
    left.chars().count() < LEFT || different.len() < VARIED || surprises(&unit) < VARIED
}

/// The number of characters after which a text repeats itself; its length if it does not.
fn period(text: &[char]) -> usize {
    let repeats = |period: &usize| text.iter().zip(&text[*period..]).all(|(a, b)| a == b);
    (1..=text.len() / 2).find(repeats).unwrap_or(text.len())
}

/// The number of characters that do not follow from the previous one.
fn surprises(text: &[char]) -> usize {
    let follows = |pair: &[char]| {
        let (a, b) = (u32::from(pair[0]), u32::from(pair[1]));
        let beside = |row: &str| {
            let at = |char| row.chars().position(|it| it == char);
            matches!((at(pair[0]), at(pair[1])), (Some(a), Some(b)) if a.abs_diff(b) == 1)
        };
        a.abs_diff(b) <= 1 || ROWS.iter().any(|row| beside(row))
    };
    1 + text.windows(2).filter(|pair| !follows(pair)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_a1_what_anybody_guesses_is_weak() {
        for weak in [
            "",
            "short",
            "elevenbytes",
            "aaaaaaaaaaaaaaaa",
            "abababababababab",
            "123456789012",
            "09876543210987",
            "abcdefghijklmnop",
            "qwertyuiopas",
            "qwertzuiop123456",
            "passwordpassword",
            "Password12345",
            "changeme2024",
            "administrator",
            "ADMINISTRATOR",
            "administrator1!",
            "annannannann",
            "ann.example.1",
            "\u{5b89}\u{5b89}\u{5b89}\u{5b89}",
        ] {
            let known = ["administrator", "Ann", "ann.example"];
            assert!(is_weak(&known, weak), "{weak}");
        }
        for strong in [
            "correct horse",
            "a-long-password-of-ada",
            "Tr0ub4dor&3-xkcd",
            "mannheim-castle-42",
            "kd93kdjw02kd",
            "\u{5b89}\u{5168}\u{7684}\u{5bc6}\u{7801}\u{662f}",
        ] {
            assert!(!is_weak(&["ann"], strong), "{strong}");
        }
    }
}
