//! Finds patterns that match no event of the build, which are usually typing errors.

use super::linked;
use crate::nearest::nearest;
use crate::pattern::Pattern;

/// Logs a warning if a pattern matches no event of the build, which is usually a typing error. It
/// is for patterns that are known only at run time, from config or from a subscription.
pub(crate) fn warn(plugin: &str, method: &str, pattern: &Pattern) {
    let events = linked::events();
    if events.iter().any(|event| pattern.matches(event.topic)) {
        return;
    }
    let topics: Vec<&str> = events.iter().map(|event| event.topic).collect();
    let meant = similar(pattern.as_str(), &topics);
    let meant = meant.map_or(String::new(), |meant| format!(": did you mean `{meant}`?"));
    tracing::warn!(
        plugin,
        method,
        "no event of this build matches `{pattern}`{meant}"
    );
}

/// Whether a pattern matches one of the topics. An invalid pattern matches none; it is reported
/// elsewhere.
pub(crate) fn matches_any(pattern: &str, topics: &[&str]) -> bool {
    Pattern::parse(pattern).is_ok_and(|pattern| topics.iter().any(|topic| pattern.matches(topic)))
}

/// A suggestion for a pattern: the segments before its first wildcard are replaced by those of a
/// similar topic, if the pattern matches then.
pub(crate) fn similar(pattern: &str, topics: &[&str]) -> Option<String> {
    let segments: Vec<&str> = pattern.split('.').collect();
    let exact = segments.iter().take_while(|one| !one.contains('*')).count();
    let (written, rest) = segments.split_at(exact);
    let beginning = |topic: &&str| {
        let parts: Vec<&str> = topic.split('.').take(exact).collect();
        parts.join(".")
    };
    let known: Vec<String> = topics.iter().map(beginning).collect();
    let mut meant: Vec<&str> = vec![nearest(
        &written.join("."),
        known.iter().map(String::as_str),
    )?];
    meant.extend(rest);
    let meant = meant.join(".");
    matches_any(&meant, topics).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn a_slip_in_a_pattern_finds_what_was_meant() {
        let topics = ["user.login", "user.welcome", "order.created", "single"];
        let of = |pattern| similar(pattern, &topics);
        assert_eq!(of("usr.*").as_deref(), Some("user.*"));
        assert_eq!(of("user.logn").as_deref(), Some("user.login"));
        assert_eq!(of("ordr.**").as_deref(), Some("order.**"));
        assert_eq!(of("nosuch.**"), None);
        assert_eq!(
            of("singel.*"),
            None,
            "`single.*` would match nothing either"
        );
        assert_eq!(of("*.logout"), None);
    }
}
