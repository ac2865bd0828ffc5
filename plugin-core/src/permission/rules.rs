//! The granted rights in a form that is built once and checked on every use.

use std::path::{Path, PathBuf};

use super::parse::{Grant, Object};
use super::resource::Action;
use crate::pattern::Pattern;

/// All that was granted to a plugin.
#[derive(Debug, PartialEq)]
pub(super) struct Rules {
    pub(super) publish: Reach<Pattern>,
    pub(super) subscribe: Reach<Pattern>,
    pub(super) request: Reach<Pattern>,
    pub(super) respond: Reach<Pattern>,
    pub(super) intercept: Reach<Pattern>,
    pub(super) services: Reach<String>,
    pub(super) read: Reach<PathBuf>,
    pub(super) write: Reach<PathBuf>,
    pub(super) log: bool,
    pub(super) system: bool,
    pub(super) operate: bool,
    pub(super) scheduler: bool,
}

impl Rules {
    pub(super) const ALL: Self = Self {
        publish: Reach::All,
        subscribe: Reach::All,
        request: Reach::All,
        respond: Reach::All,
        intercept: Reach::All,
        services: Reach::All,
        read: Reach::All,
        write: Reach::All,
        log: true,
        system: true,
        operate: true,
        scheduler: true,
    };

    pub(super) const NONE: Self = Self {
        publish: Reach::Only(Vec::new()),
        subscribe: Reach::Only(Vec::new()),
        request: Reach::Only(Vec::new()),
        respond: Reach::Only(Vec::new()),
        intercept: Reach::Only(Vec::new()),
        services: Reach::Only(Vec::new()),
        read: Reach::Only(Vec::new()),
        write: Reach::Only(Vec::new()),
        log: false,
        system: false,
        operate: false,
        scheduler: false,
    };

    /// Adds a grant; the union of all grants counts.
    pub(super) fn add(&mut self, grant: &Grant) {
        for action in &grant.actions {
            match (&grant.object, action) {
                (Object::Topics(pattern), Action::Publish) => self.publish.add(pattern),
                (Object::Topics(pattern), Action::Request) => self.request.add(pattern),
                (Object::Topics(pattern), Action::Respond) => self.respond.add(pattern),
                (Object::Topics(pattern), Action::Intercept) => self.intercept.add(pattern),
                (Object::Topics(pattern), _) => self.subscribe.add(pattern),
                (Object::Service(name), _) => self.services.add(name),
                (Object::Directory(path), Action::Read) => self.read.add(path),
                (Object::Directory(path), _) => self.write.add(path),
                (Object::Logger, _) => self.log = true,
                (Object::System, Action::Operate) => self.operate = true,
                (Object::System, _) => self.system = true,
                (Object::Scheduler, _) => self.scheduler = true,
            }
        }
    }
}

/// How much of one action on one resource is granted.
#[derive(Debug)]
pub(super) enum Reach<T> {
    All,
    Only(Vec<T>),
}

/// The order of the parts, and repeated parts, make no difference.
impl<T: PartialEq> PartialEq for Reach<T> {
    fn eq(&self, other: &Self) -> bool {
        let holds = |all: &[T], parts: &[T]| parts.iter().all(|part| all.contains(part));
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::Only(one), Self::Only(other)) => holds(one, other) && holds(other, one),
            _ => false,
        }
    }
}

impl<T: Clone> Reach<T> {
    fn add(&mut self, part: &Option<T>) {
        match (self, part) {
            (Self::All, _) => {}
            (Self::Only(parts), Some(part)) => parts.push(part.clone()),
            (reach, None) => *reach = Self::All,
        }
    }

    /// Whether anything is granted.
    pub(super) fn any(&self) -> bool {
        !matches!(self, Self::Only(parts) if parts.is_empty())
    }
}

impl Reach<String> {
    pub(super) fn names(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(|granted| granted == name),
        }
    }
}

impl Reach<PathBuf> {
    /// The widest granted directory that contains a path; the empty path is the root.
    pub(super) fn directory(&self, path: &Path) -> Option<&Path> {
        match self {
            Self::All => Some(Path::new("")),
            Self::Only(directories) => directories
                .iter()
                .filter(|directory| path.starts_with(directory))
                .min_by_key(|directory| directory.components().count())
                .map(PathBuf::as_path),
        }
    }
}

impl Reach<Pattern> {
    /// Whether a topic is granted.
    pub(super) fn matches(&self, topic: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(patterns) => patterns.iter().any(|pattern| pattern.matches(topic)),
        }
    }

    /// Whether every topic that a pattern matches is granted.
    pub(super) fn covers(&self, pattern: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(patterns) => {
                let longest = patterns
                    .iter()
                    .map(|granted| segments(granted.as_str()))
                    .max();
                longest.is_some_and(|longest| all_cover(patterns, pattern, longest))
            }
        }
    }
}

/// Whether the granted patterns together cover a pattern.
///
/// A segment can be any text, so patterns that each cover only a part can differ only in how many
/// segments they match: `user.*` and `user.*.**` together are `user.**`. Therefore it is enough to
/// check each pattern alone, and then to replace the last `**` by one segment, and by more than
/// one. If the pattern is longer than all granted ones, no replacement is needed.
fn all_cover(granted: &[Pattern], pattern: &str, longest: usize) -> bool {
    if granted.iter().any(|one| covers(one.as_str(), pattern)) {
        return true;
    }
    let Some(head) = pattern.strip_suffix("**") else {
        return false;
    };
    segments(pattern) <= longest
        && all_cover(granted, &format!("{head}*"), longest)
        && all_cover(granted, &format!("{head}*.**"), longest)
}

/// Whether a pattern matches every topic that another one matches.
fn covers(wide: &str, narrow: &str) -> bool {
    let mut narrow = narrow.split('.');
    for wide in wide.split('.') {
        match (wide, narrow.next()) {
            ("**", Some(_)) => return true,
            ("*", Some(segment)) if segment != "**" => {}
            (exact, Some(segment)) if exact == segment => {}
            _ => return false,
        }
    }
    narrow.next().is_none()
}

fn segments(pattern: &str) -> usize {
    pattern.split('.').count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every topic of one to six segments; `z` stands for texts that no pattern contains.
    fn topics() -> Vec<String> {
        let mut all = Vec::new();
        let mut longest = vec![String::new()];
        for length in 1..=6 {
            longest = longest
                .iter()
                .flat_map(|head| ["a", "b", "z"].map(|tail| format!("{head}.{tail}")))
                .map(|topic| topic.trim_start_matches('.').to_owned())
                .collect();
            assert_eq!(longest.len(), 3_usize.pow(length));
            all.extend(longest.clone());
        }
        all
    }

    fn pattern() -> impl Strategy<Value = Pattern> {
        let segment = prop::sample::select(vec!["a", "b", "*"]);
        let end = prop::sample::select(vec!["a", "b", "*", "**"]);
        (prop::collection::vec(segment, 0..3), end).prop_map(|(mut segments, end)| {
            segments.push(end);
            Pattern::parse(&segments.join(".")).expect("it was built by the rules")
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn containment_is_what_the_topics_say(
            granted in prop::collection::vec(pattern(), 0..4),
            wanted in pattern(),
        ) {
            let reach = Reach::Only(granted);
            let all = topics()
                .iter()
                .filter(|topic| wanted.matches(topic))
                .all(|topic| reach.matches(topic));
            prop_assert_eq!(reach.covers(wanted.as_str()), all);
        }
    }

    #[test]
    fn parts_that_together_are_the_whole_cover_it() {
        let both = ["user.*", "user.*.**"].map(|text| Pattern::parse(text).unwrap());
        assert!(Reach::Only(both.to_vec()).covers("user.**"));
        assert!(!Reach::Only(both[1..].to_vec()).covers("user.**"));
    }
}
