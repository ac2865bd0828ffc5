//! Which row of a dispatch table belongs to which type of event, and to which topic.

use std::any::TypeId;
use std::collections::HashMap;

/// The types of events that a bus knows, by the rows that they have.
#[derive(Default)]
pub(in crate::event) struct Topics {
    names: Vec<&'static str>,
    by_type: HashMap<TypeId, usize>,
    by_topic: HashMap<&'static str, usize>,
}

impl Topics {
    /// Gives the next row to a type. A topic that two types declare, which a composed set can't
    /// have, belongs to the first.
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
