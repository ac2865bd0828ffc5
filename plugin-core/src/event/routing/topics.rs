//! Assigns the rows of a dispatch table to event types and topics.

use std::any::TypeId;
use std::collections::HashMap;

/// The event types that a bus knows, by their rows.
#[derive(Default)]
pub(in crate::event) struct Topics {
    names: Vec<&'static str>,
    by_type: HashMap<TypeId, usize>,
    by_topic: HashMap<&'static str, usize>,
}

impl Topics {
    /// Assigns the next row to a type. If two types declare the same topic, which is impossible in
    /// a composed set, it belongs to the first.
    pub(in crate::event) fn add(&mut self, topic: &'static str, type_id: TypeId) {
        let row = self.names.len();
        self.names.push(topic);
        self.by_type.insert(type_id, row);
        self.by_topic.entry(topic).or_insert(row);
    }

    /// The topics, in the order of the rows.
    pub(in crate::event) fn names(&self) -> &[&'static str] {
        &self.names
    }

    pub(in crate::event) fn of_type(&self, type_id: TypeId) -> Option<usize> {
        self.by_type.get(&type_id).copied()
    }

    pub(in crate::event) fn of_topic(&self, topic: &str) -> Option<usize> {
        self.by_topic.get(topic).copied()
    }
}
