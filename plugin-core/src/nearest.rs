//! "Did you mean" suggestions: finds the known word for which a mistyped one most likely stands.

/// Least similarity of two words, from 0 to 1 (Jaro-Winkler), for a suggestion.
const ALIKE: f64 = 0.8;

/// Longest word for which a suggestion is searched: a longer one is not a typing error, and
/// comparing it takes long.
const LONGEST: usize = 128;

/// Most known words that are compared: more than any build or service has names of one kind.
const MOST: usize = 1_000;

/// The known word that is most similar to a mistyped one, if one is similar enough. Upper and lower
/// case count as the same.
///
/// The kernel and the app make all their suggestions with this function, so that the same typing
/// error gets the same suggestion everywhere. There is no suggestion for a word of more than 128
/// bytes, and only the first 1000 known words are compared.
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
