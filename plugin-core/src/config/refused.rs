//! Turns an error of the type of a section into an issue with its place.

use super::issue::{Issue, IssueKind};
use super::mask::mask;
use super::node::Node;
use super::shape::Shape;
use crate::init::ConfigNeed;

/// The error that occurs when a section is converted into its type.
type SectionError = serde_path_to_error::Error<serde_json::Error>;

/// Checks the plugin's own section with the plugin's type, after all other checks.
pub(super) fn judge(
    need: Option<ConfigNeed>,
    own: &Node,
    shape: Option<Shape<'_>>,
    key: &str,
) -> Option<Issue> {
    let error = (need?.check)(&own.to_json()).err()?;
    Some(refused(&error, own, shape, key))
}

/// An issue at the place of the error. It does not show secrets.
pub(super) fn refused(
    error: &SectionError,
    node: &Node,
    shape: Option<Shape<'_>>,
    key: &str,
) -> Issue {
    let mut at = LocatedValue {
        node,
        shape,
        key: key.to_owned(),
    };
    let path: Vec<String> = error.path().iter().map(ToString::to_string).collect();
    at.descend(path.iter().map(|step| step.trim_matches(['[', ']'])));
    let text = error.inner().to_string();
    let named = text
        .strip_prefix('`')
        .and_then(|text| text.split_once("`: "));
    let (path, text) = named.unwrap_or(("", &text));
    at.descend(path.split(['.', '[', ']']).filter(|step| !step.is_empty()));
    let what = match at.shape {
        Some(shape) if shape.is_secret() && named.is_none() => "can't be used".to_owned(),
        Some(shape) if shape.holds_secret() => unquoted(text),
        _ => mask(text).into_owned(),
    };
    Issue::new(IssueKind::Invalid, &at.node.place, at.key, what)
}

/// A value in a section, with its path and the shape that it should have.
struct LocatedValue<'n, 's> {
    node: &'n Node,
    shape: Option<Shape<'s>>,
    key: String,
}

impl LocatedValue<'_, '_> {
    /// Follows a path as far as there are values on it.
    fn descend<'p>(&mut self, path: impl Iterator<Item = &'p str>) {
        for name in path {
            let Some(inner) = self.node.get(name) else {
                break;
            };
            let shape = self.shape.take();
            match self.node.map() {
                Some(_) => {
                    self.shape = shape.and_then(|shape| shape.property(name));
                    self.key += &format!(".{name}");
                }
                None => {
                    self.shape = shape.map(|shape| shape.items());
                    self.key += &format!("[{name}]");
                }
            }
            self.node = inner;
        }
    }
}

/// A message without the value that serde quotes in it.
fn unquoted(text: &str) -> String {
    let quotes = ["invalid type", "invalid value", "unknown variant"];
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None if quotes.iter().any(|quote| text.starts_with(quote)) => "can't be used".to_owned(),
        None => mask(text).into_owned(),
    }
}
