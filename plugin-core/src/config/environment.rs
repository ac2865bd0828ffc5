//! `APP__…` variables as a layer over the files.
//!
//! `APP__HELLO_PLUGIN__CONFIG__MESSAGE` is the key `hello-plugin.config.message`: two underscores
//! separate, `-` is written `_`, and upper and lower case are the same.

use super::book::Book;
use super::conform;
use super::issue::{Issue, IssueKind, nearest};
use super::node::Node;
use super::origin::Origin;
use super::report::Report;
use super::shape::Shape;
use super::sources::Sources;
use super::validation::one_of;
use crate::compose::Absent;

const PREFIX: &str = "APP";

/// The sections that the environment's variables make.
pub(super) fn layer(sources: &Sources, book: &Book<'_>, report: &mut Report) -> Node {
    let mut root = Node::empty();
    for (name, value) in &sources.environment {
        let Some(steps) = steps(name) else { continue };
        let place = Origin::Environment {
            variable: name.as_str().into(),
        };
        match find(&steps, book) {
            Ok((path, shape)) => {
                let node = conform::typed(value.clone(), &shape, &place);
                root.insert(&path, node);
            }
            Err(miss) => report.issue(miss.issue(book, &place)),
        }
    }
    root
}

/// The parts of a variable's name after the prefix, if it has it.
fn steps(name: &str) -> Option<Vec<&str>> {
    let mut steps = name.split("__");
    let is_ours = steps.next()?.eq_ignore_ascii_case(PREFIX);
    let steps: Vec<&str> = steps.collect();
    (is_ours && !steps.is_empty()).then_some(steps)
}

/// How a key is written in a variable's name.
fn folded(key: &str) -> String {
    key.replace('-', "_").to_ascii_uppercase()
}

/// The key that a variable names, and what may be there.
fn find<'b>(steps: &[&str], book: &'b Book<'_>) -> Result<(Vec<String>, Shape<'b>), Miss> {
    let mut path: Vec<String> = Vec::new();
    let mut shape = book.shape();
    for step in steps {
        let Some((key, inner)) = descend(&shape, step) else {
            return Err(Miss {
                known: shape.keys().map(str::to_owned).collect(),
                step: Some((*step).to_owned()),
                path,
            });
        };
        path.push(key);
        shape = inner;
    }
    match path.len() {
        1 => Err(Miss {
            known: Vec::new(),
            step: None,
            path,
        }),
        _ => Ok((path, shape)),
    }
}

fn descend<'s>(shape: &Shape<'s>, step: &str) -> Option<(String, Shape<'s>)> {
    let wanted = folded(step);
    let known = shape.keys().find(|key| folded(key) == wanted);
    let known = known.or_else(|| shape.alias_of(&step.to_ascii_lowercase()));
    let key = known.map_or_else(|| step.to_ascii_lowercase(), str::to_owned);
    let inner = shape.property(&key).filter(|_| !key.is_empty())?;
    Some((key, inner))
}

/// A variable that sets nothing: how far its name leads, and the step that leads nowhere; no
/// step if the name ends too early.
struct Miss {
    path: Vec<String>,
    step: Option<String>,
    known: Vec<String>,
}

impl Miss {
    fn issue(&self, book: &Book<'_>, place: &Origin) -> Issue {
        let issue = |kind, key: &str, what: &str| Issue::new(kind, place, key, what);
        let Some(step) = &self.step else {
            let what = "names a whole section, not a key in it";
            return issue(IssueKind::UnknownKey, &self.path.join("."), what);
        };
        if let Some((name, absent)) = self.absent(step, book) {
            return issue(IssueKind::Build, name, &absent.to_string());
        }
        let key = self.with(&step.to_ascii_lowercase()).join(".");
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        let meant = nearest(&step.replace('_', "-"), known.iter().copied());
        let issue = issue(
            IssueKind::UnknownKey,
            &key,
            "sets a key that does not exist",
        )
        .or_meant(meant.map(|key| self.variable(&key)));
        match known.is_empty() {
            true => issue,
            false => issue.expected(one_of(&known)),
        }
    }

    /// The plugin that is meant, if the build could have held it.
    fn absent(&self, step: &str, book: &Book<'_>) -> Option<(&'static str, Absent)> {
        let mut names = book
            .composition
            .catalogue()
            .iter()
            .map(|entry| entry.plugin);
        let name = names.find(|name| self.path.is_empty() && folded(name) == folded(step))?;
        Some((name, book.composition.absent(name)?))
    }

    fn with<'a>(&'a self, step: &'a str) -> Vec<&'a str> {
        self.path.iter().map(String::as_str).chain([step]).collect()
    }

    /// The variable that sets a key beside the one that leads nowhere.
    fn variable(&self, key: &str) -> String {
        let steps = self.with(key).into_iter().map(folded);
        let all: Vec<String> = std::iter::once(PREFIX.to_owned()).chain(steps).collect();
        all.join("__")
    }
}
