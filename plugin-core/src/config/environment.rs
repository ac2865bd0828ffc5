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

const PREFIX: &str = "APP";

/// The sections that the environment's variables make.
pub(super) fn layer(sources: &Sources, book: &Book<'_>, report: &mut Report) -> Node {
    let mut root = Node::empty();
    for (name, value) in &sources.environment {
        let Some(steps) = steps(name) else { continue };
        let place = Origin::Environment {
            variable: name.as_str().into(),
        };
        match find(&steps, book, &place) {
            Ok((path, shape)) => {
                let node = conform::typed(value.clone(), &shape, &place);
                root.insert(&path, node);
            }
            Err(issue) => report.issue(issue),
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

fn variable<'a>(steps: impl IntoIterator<Item = &'a str>) -> String {
    let steps = steps.into_iter().map(folded);
    let all: Vec<String> = std::iter::once(PREFIX.to_owned()).chain(steps).collect();
    all.join("__")
}

/// The key that a variable names, and what may be there.
fn find<'b>(
    steps: &[&str],
    book: &'b Book<'_>,
    place: &Origin,
) -> Result<(Vec<String>, Shape<'b>), Issue> {
    let mut path: Vec<String> = Vec::new();
    let mut shape = book.shape();
    for step in steps {
        let Some((key, inner)) = descend(&shape, step) else {
            return Err(unknown(&path, step, &shape, book, place));
        };
        path.push(key);
        shape = inner;
    }
    if path.len() < 2 {
        let what = "names a whole section, not a key in it";
        return Err(Issue::new(
            IssueKind::UnknownKey,
            place,
            path.join("."),
            what,
        ));
    }
    Ok((path, shape))
}

fn descend<'s>(shape: &Shape<'s>, step: &str) -> Option<(String, Shape<'s>)> {
    let wanted = folded(step);
    let known = shape.keys().find(|key| folded(key) == wanted);
    let known = known.or_else(|| shape.alias_of(&step.to_ascii_lowercase()));
    let key = known.map_or_else(|| step.to_ascii_lowercase(), str::to_owned);
    let inner = shape.property(&key).filter(|_| !key.is_empty())?;
    Some((key, inner))
}

fn unknown(
    path: &[String],
    step: &str,
    shape: &Shape<'_>,
    book: &Book<'_>,
    place: &Origin,
) -> Issue {
    let key = path
        .iter()
        .map(String::as_str)
        .chain([step])
        .collect::<Vec<_>>()
        .join(".");
    let issue = |kind, what: String| Issue::new(kind, place, key.to_ascii_lowercase(), what);
    let mut entries = book.composition.catalogue().iter();
    let entry = entries.find(|entry| path.is_empty() && folded(entry.plugin) == folded(step));
    if let Some(absent) = entry.and_then(|entry| book.composition.absent(entry.plugin)) {
        let mut issue = issue(IssueKind::Build, absent.to_string());
        issue.key = key.to_ascii_lowercase().replace('_', "-");
        return issue;
    }
    let keys: Vec<&str> = shape.keys().collect();
    let mut issue = issue(
        IssueKind::UnknownKey,
        "sets a key that does not exist".to_owned(),
    );
    issue.suggestion = nearest(&step.replace('_', "-"), keys.iter().copied())
        .map(|key| variable(path.iter().map(String::as_str).chain([key.as_str()])));
    match keys.is_empty() {
        true => issue,
        false => issue.expected(one_of(&keys)),
    }
}
