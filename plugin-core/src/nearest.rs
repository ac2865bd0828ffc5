//! "Did you mean": the known word that a mistyped one most likely stands for.

/// How alike two words must be, from 0 to 1 (Jaro-Winkler), for one to be suggested for the other.
const ALIKE: f64 = 0.8;

/// A longer word is no slip of the pen, and comparing it takes long.
const LONGEST: usize = 128;

/// Known words that are compared at most: more than any build or service has names of one kind.
const MOST: usize = 1_000;

/// The known word that is most like a mistyped one, if any is near. Upper and lower case count as
/// the same.
///
/// Every suggestion of the kernel and of the app comes from here, so that a slip is understood in
/// one place if it is in another. A word of more than 128 bytes has no suggestion, and of the known
/// words the first 1000 are compared.
///
/// # Example
///
/// ```
/// use plugin_core::nearest;
///
/// assert_eq!(nearest("goruotines", ["tasks", "goroutines"]), Some("goroutines"));
/// assert_eq!(nearest("weather", ["tasks", "goroutines"]), None);
/// ```
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let folded = word.to_lowercase();
    known
        .into_iter()
        .take(MOST)
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| {
            let likeness = strsim::jaro_winkler(&folded, &candidate.to_lowercase());
            (likeness, candidate)
        })
        .filter(|(likeness, _)| *likeness > ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_another_word_finds_none() {
        let known = ["message", "max_notifications", "retry_count"];
        assert_eq!(nearest("mesage", known), Some("message"));
        assert_eq!(nearest("RETRY_COUNT", known), Some("retry_count"));
        assert_eq!(nearest("password", known), None);
    }

    #[test]
    fn a_word_of_a_megabyte_costs_nothing() {
        let word = "message".repeat(150_000);
        assert_eq!(nearest(&word, ["message"]), None);
        assert_eq!(nearest("message", [word.as_str()]), None);
    }
}
