//! "Did you mean" suggestions: finds the known word that is most similar to a mistyped one.

/// The candidate that differs from `word` by one or two typing errors.
pub(crate) fn closest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let most = (word.chars().count() / 3).max(1);
    candidates
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A suggestion for a mistyped word, in parentheses; empty if no candidate is similar.
pub(crate) fn hint(word: &str, candidates: &[&str]) -> String {
    closest(word, candidates).map_or(String::new(), |near| format!(" (did you mean `{near}`?)"))
}

/// Names in backticks, separated by commas.
pub(crate) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The number of insertions, deletions, replacements and swaps of neighbours between two words (the
/// restricted Damerau-Levenshtein distance).
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(a != b);
            let mut best = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::{closest, distance};

    #[test]
    fn a_mistyped_word_finds_its_neighbour() {
        let known = ["name", "version", "requires"];
        assert_eq!(closest("nmae", &known), Some("name"));
        assert_eq!(closest("require", &known), Some("requires"));
        assert_eq!(closest("colour", &known), None);
        assert_eq!(distance("", "abc"), 3);
    }
}
