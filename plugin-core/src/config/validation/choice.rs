//! `anyOf`, `oneOf` and `allOf`: finds out which of several schemas a node is meant to fit.

use serde_json::{Map, Value};

use super::super::issue::{Issue, IssueKind};
use super::super::node::Data;
use super::describe::{describe, found, inner, one_of, words};
use super::{Check, CheckedNode, KeyPolicy, is_trap, meant};
use crate::config::shape::Shape;

impl<'a> Check<'a> {
    pub(super) fn alternatives(
        &mut self,
        schema: &'a Map<String, Value>,
        at: CheckedNode<'a, '_>,
        keys: KeyPolicy,
    ) {
        let shares = keys == KeyPolicy::Shared || schema.contains_key("properties");
        let keys = if shares { KeyPolicy::Shared } else { keys };
        for part in schema
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.schema(part, at, KeyPolicy::Shared);
        }
        for name in ["anyOf", "oneOf"] {
            if let Some(options) = schema.get(name).and_then(Value::as_array) {
                self.choose(options, at, keys);
            }
        }
    }

    /// Reports the mistakes for the option that was meant. If that is not known, reports only the
    /// options.
    fn choose(&mut self, options: &'a [Value], at: CheckedNode<'a, '_>, keys: KeyPolicy) {
        let kind = super::kind_of(at.node);
        let root = self.root;
        let of_kind: Vec<&Value> = options
            .iter()
            .filter(|option| Shape::within(root, option).accepts(kind))
            .collect();
        match of_kind.as_slice() {
            [] => self.none_fits(IssueKind::WrongType, options, at),
            [only] => self.schema(only, at, keys),
            several if several.iter().any(|option| self.fits(option, at, keys)) => {}
            several => match self.meant(several, at).as_slice() {
                [only] => self.schema(only, at, keys),
                _ => self.none_fits(IssueKind::Invalid, options, at),
            },
        }
    }

    fn fits(&self, option: &'a Value, at: CheckedNode<'a, '_>, keys: KeyPolicy) -> bool {
        let mut issues = Vec::new();
        let mut check = Check {
            root: self.root,
            issues: &mut issues,
            room: 0,
        };
        check.schema(option, at, keys);
        issues.is_empty()
    }

    /// The options whose tag the node has. A tag is a key with a fixed value, or a key that only
    /// this variant has.
    fn meant(&self, options: &[&'a Value], at: CheckedNode<'a, '_>) -> Vec<&'a Value> {
        let tagged = |option: &&&'a Value| {
            let shape = Shape::within(self.root, option);
            let mut tags = tags(&shape).peekable();
            let by_value = tags.peek().is_some()
                && tags
                    .all(|(key, word)| at.node.get(key).and_then(|node| node.text()) == Some(word));
            let by_key = single_key(&shape).is_some_and(|key| at.node.get(key).is_some());
            by_value || by_key
        };
        options.iter().filter(tagged).copied().collect()
    }

    fn none_fits(&mut self, kind: IssueKind, options: &'a [Value], at: CheckedNode<'a, '_>) {
        let mut schemas = options.iter().filter_map(Value::as_object);
        if schemas.any(|one| is_trap(one) || inner(self.root, one).any(is_trap)) {
            return;
        }
        let root = self.root;
        if let Some((key, words)) = common_tag(root, options).filter(|_| at.node.map().is_some()) {
            let path = format!("{}.{key}", at.key);
            let (kind, place, what) = match at.node.get(key) {
                Some(node) => (IssueKind::Invalid, &node.place, "unknown word"),
                None => (IssueKind::MissingKey, &at.node.key, "missing"),
            };
            let issue = Issue::new(kind, place, path, what);
            return self.tell(issue, |check, issue| {
                let issue = issue.expected(one_of(&words));
                let Some(node) = at.node.get(key) else {
                    return issue;
                };
                issue
                    .found(found(node, check.is_secret(at)))
                    .meant(node.text().unwrap_or_default(), words.iter().copied())
            });
        }
        let any: Value = serde_json::json!({ "anyOf": options });
        if matches!(at.node.data, Data::Text(_)) && kind == IssueKind::Invalid {
            return self.not_a_word(&any, at);
        }
        let issue = Issue::new(kind, &at.node.place, at.key, what(kind));
        self.tell(issue, |check, issue| {
            let issue = issue
                .found(found(at.node, check.is_secret(at)))
                .or_meant(meant::empty(&Shape::within(root, at.place), at.node));
            match any.as_object() {
                Some(any) => issue.expected(describe(root, any)),
                None => issue,
            }
        });
    }

    /// Reports a text that is not one of the words that a schema allows.
    pub(super) fn not_a_word(&mut self, schema: &Value, at: CheckedNode<'a, '_>) {
        let Some(schema) = schema.as_object() else {
            return;
        };
        let issue = Issue::new(IssueKind::Invalid, &at.node.place, at.key, "unknown word");
        self.tell(issue, |check, issue| {
            issue
                .expected(describe(check.root, schema))
                .found(found(at.node, check.is_secret(at)))
                .meant(
                    at.node.text().unwrap_or_default(),
                    words(check.root, schema),
                )
        });
    }
}

fn what(kind: IssueKind) -> &'static str {
    match kind {
        IssueKind::WrongType => "wrong type",
        _ => "fits none of the forms",
    }
}

/// The keys for which an option allows only one word, with these words.
fn tags<'s>(shape: &Shape<'s>) -> impl Iterator<Item = (&'s str, &'s str)> {
    let fixed: Vec<_> = shape
        .keys()
        .filter_map(|key| Some((key, shape.property(key)?.schema().get("const")?.as_str()?)))
        .collect();
    fixed.into_iter()
}

/// The key of a variant that is written as a section with one key.
fn single_key<'s>(shape: &Shape<'s>) -> Option<&'s str> {
    let mut keys = shape.keys();
    let key = keys.next()?;
    keys.next().is_none().then_some(key)
}

/// The key that distinguishes all options, and its words.
fn common_tag<'s>(root: &'s Value, options: &'s [Value]) -> Option<(&'s str, Vec<&'s str>)> {
    let shapes: Vec<Shape<'s>> = options
        .iter()
        .map(|option| Shape::within(root, option))
        .collect();
    let (key, _) = tags(shapes.first()?).next()?;
    let word = |shape| {
        tags(shape)
            .find(|(name, _)| *name == key)
            .map(|(_, word)| word)
    };
    let words: Option<Vec<&str>> = shapes.iter().map(word).collect();
    Some((key, words?))
}
