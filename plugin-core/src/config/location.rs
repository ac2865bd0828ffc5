//! Where in a YAML text each key and value is, from the marks of a parser's events.
//!
//! Only for texts that were read before: how deep they are nested is bounded.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, Span};

/// Line and column, both from 1.
pub(super) type Mark = (usize, usize);

/// Where a value is, where the key before it is, and the same for what is inside.
#[derive(Default)]
pub(super) struct Place {
    pub(super) key: Mark,
    pub(super) value: Mark,
    /// By key; the items of a list by index.
    pub(super) children: BTreeMap<String, Place>,
}

/// The places of a text.
#[derive(Default)]
pub(super) struct Places {
    pub(super) root: Place,
    /// Keys that are there twice: path, first and second place.
    pub(super) duplicates: Vec<(String, Mark, Mark)>,
    stack: Vec<Frame>,
}

/// A section or a list that is not closed yet.
struct Frame {
    place: Place,
    is_map: bool,
    /// In a section: the key whose value comes next.
    pending: Option<(String, Mark)>,
}

impl Places {
    /// Reads the first document. What comes after a mistake has no places: the other parser
    /// had none to object to.
    pub(super) fn of(text: &str) -> Self {
        let mut places = Self::default();
        let mut parser = Parser::new_from_str(text);
        while let Some(Ok((event, span))) = parser.next_event() {
            if matches!(event, Event::DocumentEnd) {
                break;
            }
            places.take(&event, span);
        }
        while !places.stack.is_empty() {
            places.close();
        }
        places
    }

    fn take(&mut self, event: &Event<'_>, span: Span) {
        let mark = (span.start.line(), span.start.col() + 1);
        match event {
            Event::Scalar(text, ..) => self.attach(Place::new(mark), text),
            Event::Alias(_) => self.attach(Place::new(mark), "*"),
            Event::MappingStart(..) => self.open(mark, true),
            Event::SequenceStart(..) => self.open(mark, false),
            Event::MappingEnd | Event::SequenceEnd => self.close(),
            _ => {}
        }
    }

    fn open(&mut self, mark: Mark, is_map: bool) {
        self.stack.push(Frame {
            place: Place::new(mark),
            is_map,
            pending: None,
        });
    }

    fn close(&mut self) {
        if let Some(frame) = self.stack.pop() {
            self.attach(frame.place, "?");
        }
    }

    /// Gives a finished value to what it is in; `text` is its key, should it turn out to be one.
    fn attach(&mut self, mut place: Place, text: &str) {
        let path = self.path();
        let Some(frame) = self.stack.last_mut() else {
            place.key = place.value;
            self.root = place;
            return;
        };
        if !frame.is_map {
            place.key = place.value;
            let at = frame.place.children.len();
            frame.place.children.insert(at.to_string(), place);
        } else if let Some((key, mark)) = frame.pending.take() {
            place.key = mark;
            let place = frame.place.children.entry(key).or_insert(place);
            if place.key != mark {
                self.duplicates.push((path, place.key, mark));
            }
        } else {
            frame.pending = Some((text.to_owned(), place.value));
        }
    }

    /// Path of the value that comes next.
    fn path(&self) -> String {
        let steps = self.stack.iter().map(|frame| match &frame.pending {
            Some((key, _)) => key.clone(),
            None => frame.place.children.len().to_string(),
        });
        steps.collect::<Vec<_>>().join(".")
    }
}

impl Place {
    fn new(value: Mark) -> Self {
        Self {
            value,
            ..Self::default()
        }
    }
}
