//! Builds a tree of nodes from a parser's events.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Tag};

use super::{DEEPEST, LARGEST, no_tag, scalar};
use crate::config::issue::{Issue, IssueKind};
use crate::config::node::{Data, Node};
use crate::config::origin::Origin;

type TextPosition = (usize, usize);

/// The part that has been read so far.
pub(super) struct Tree<'o> {
    origin: &'o Origin,
    root: Option<Node>,
    stack: Vec<OpenNode>,
    /// The values that aliases may refer to, by the number of the anchor.
    anchors: BTreeMap<usize, Branch>,
    /// Number of bytes that aliases have added.
    repeated: usize,
    issues: Vec<Issue>,
}

/// A finished value.
#[derive(Clone)]
struct Branch {
    node: Node,
    /// Approximate size in bytes.
    size: usize,
    /// Depth of the sections and lists within it.
    height: usize,
}

/// A section or a list that is not closed yet.
struct OpenNode {
    branch: Branch,
    anchor: usize,
    /// In a section: the key whose value comes next.
    pending: Option<(String, Origin)>,
}

/// Size of a value in addition to its text.
const LEAST: usize = 16;

pub(super) fn too_deep() -> String {
    format!("sections and lists are nested deeper than {DEEPEST} levels: write it flatter")
}

impl<'o> Tree<'o> {
    pub(super) fn of(origin: &'o Origin) -> Self {
        Self {
            origin,
            root: None,
            stack: Vec::new(),
            anchors: BTreeMap::new(),
            repeated: 0,
            issues: Vec::new(),
        }
    }

    /// All mistakes, if the rest of the text can't be read.
    pub(super) fn faulty(mut self, issue: Issue) -> Vec<Issue> {
        self.issues.push(issue);
        self.issues
    }

    /// The root; an empty node if the text has no value.
    pub(super) fn finish(self) -> Result<Node, Vec<Issue>> {
        let nothing = || Node::new(Data::Null, self.origin.clone());
        match self.issues.is_empty() {
            true => Ok(self.root.unwrap_or_else(nothing)),
            false => Err(self.issues),
        }
    }

    pub(super) fn take(&mut self, event: Event<'_>, mark: TextPosition) -> Result<(), Box<Issue>> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(self.fault(mark, "a second document begins: keep one in a file"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref();
                if self.wants_key() {
                    return match tag.is_none_or(|tag| is(tag, "str")) {
                        true => self.key(text.into_owned(), mark),
                        false => {
                            Err(self.fault(mark, "expected a key that is text: take the tag away"))
                        }
                    };
                }
                let read = scalar(text.into_owned(), style, tag);
                let (data, written) = read.map_err(|what| self.fault(mark, what))?;
                let size = LEAST + written.as_ref().map_or(0, |text| text.len());
                let mut node = Node::new(data, self.origin.at(mark));
                let size = size + node.text().map_or(0, str::len);
                node.written = written;
                let height = 0;
                self.attach(Branch { node, size, height }, anchor);
                Ok(())
            }
            Event::MappingStart(anchor, tag) => {
                self.open(Data::Map(BTreeMap::new()), (anchor, tag.as_deref()), mark)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(Data::List(Vec::new()), (anchor, tag.as_deref()), mark)
            }
            Event::MappingEnd | Event::SequenceEnd => {
                if let Some(frame) = self.stack.pop() {
                    self.attach(frame.branch, frame.anchor);
                }
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, mark),
            _ => Ok(()),
        }
    }

    /// The line in which the innermost open section or list begins.
    pub(super) fn opened(&self) -> Option<usize> {
        self.stack.last()?.branch.node.place.line()
    }

    pub(super) fn fault(&self, mark: TextPosition, what: impl Into<String>) -> Box<Issue> {
        let place = self.origin.at(mark);
        Box::new(Issue::new(IssueKind::Syntax, &place, self.path(), what))
    }

    fn wants_key(&self) -> bool {
        let is_map = |frame: &OpenNode| matches!(frame.branch.node.data, Data::Map(_));
        (self.stack.last()).is_some_and(|frame| is_map(frame) && frame.pending.is_none())
    }

    fn key(&mut self, text: String, mark: TextPosition) -> Result<(), Box<Issue>> {
        if text == "<<" {
            let what = "`<<` is not supported: write the keys out";
            return Err(self.fault(mark, what));
        }
        let place = self.origin.at(mark);
        if let Some(frame) = self.stack.last_mut() {
            frame.pending = Some((text, place));
        }
        Ok(())
    }

    fn open(
        &mut self,
        data: Data,
        (anchor, tag): (usize, Option<&Tag>),
        mark: TextPosition,
    ) -> Result<(), Box<Issue>> {
        if self.wants_key() {
            return Err(self.fault(mark, "expected a key that is text"));
        }
        let suffix = match &data {
            Data::Map(_) => "map",
            _ => "seq",
        };
        if tag.is_some_and(|tag| !is(tag, suffix)) {
            return Err(self.fault(mark, no_tag()));
        }
        if self.stack.len() >= DEEPEST {
            return Err(self.fault(mark, too_deep()));
        }
        let node = Node::new(data, self.origin.at(mark));
        self.stack.push(OpenNode {
            branch: Branch {
                node,
                size: LEAST,
                height: 1,
            },
            anchor,
            pending: None,
        });
        Ok(())
    }

    fn alias(&mut self, anchor: usize, mark: TextPosition) -> Result<(), Box<Issue>> {
        if self.wants_key() {
            return Err(self.fault(mark, "expected a key that is text, found an alias"));
        }
        let Some(known) = self.anchors.get(&anchor) else {
            return Err(self.fault(mark, "an alias stands for what it is in: it has no end"));
        };
        self.repeated += known.size;
        if self.repeated > LARGEST {
            let what = format!("aliases repeat more than {LARGEST} bytes: write less of them");
            return Err(self.fault(mark, what));
        }
        if self.stack.len() + known.height > DEEPEST {
            return Err(self.fault(mark, too_deep()));
        }
        let mut branch = known.clone();
        branch.node.stamp(&self.origin.at(mark));
        self.attach(branch, 0);
        Ok(())
    }

    /// Adds a finished value to the section or list that contains it.
    fn attach(&mut self, mut branch: Branch, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, branch.clone());
        }
        let path = self.path_if_twice();
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(branch.node);
            return;
        };
        frame.branch.size += branch.size;
        frame.branch.height = frame.branch.height.max(branch.height + 1);
        match (&mut frame.branch.node.data, frame.pending.take()) {
            (Data::Map(map), Some((key, place))) => {
                if let (Some(path), Some(first)) = (path, map.get(&key)) {
                    let what = match first.key.line() {
                        Some(line) => format!("the key is there twice, first in line {line}"),
                        None => "the key is there twice".to_owned(),
                    };
                    let issue = Issue::new(IssueKind::Duplicate, &place, path, what);
                    return self.issues.push(issue);
                }
                frame.branch.size += key.len();
                branch.node.key = place;
                map.insert(key, branch.node);
            }
            (Data::List(items), _) => items.push(branch.node),
            _ => {}
        }
    }

    /// The path of the key whose value is finished, if the section has that key already.
    fn path_if_twice(&self) -> Option<String> {
        let frame = self.stack.last()?;
        let (key, _) = frame.pending.as_ref()?;
        frame.branch.node.get(key).map(|_| self.path())
    }

    /// The path of the value that comes next.
    fn path(&self) -> String {
        let mut path = String::new();
        for frame in &self.stack {
            match (&frame.pending, &frame.branch.node.data) {
                (Some((key, _)), _) if path.is_empty() => path.push_str(key),
                (Some((key, _)), _) => path.extend([".", key]),
                (None, Data::List(items)) => path.push_str(&format!("[{}]", items.len())),
                (None, _) => {}
            }
        }
        path
    }
}

/// Whether a tag is one of YAML's own tags.
fn is(tag: &Tag, suffix: &str) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == suffix
}
