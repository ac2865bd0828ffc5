//! What the lives of a process told, and whether it was right.

use std::collections::{HashMap, HashSet};

/// An event: its publisher, and its number there.
type Event = (u64, u64);

/// What all lives told.
#[derive(Default)]
pub(super) struct Record {
    acknowledged: Vec<Event>,
    /// In order, life by life.
    handled: Vec<(Event, String)>,
    /// The last number of each publisher that this life has handled.
    last: HashMap<u64, u64>,
    lives: u64,
}

impl Record {
    /// Adds what one life told. `acked P N.` is a promise, `handled P N KEY.` its keeping.
    pub(super) fn life(&mut self, lines: &[String]) {
        self.last.clear();
        self.lives += 1;
        for line in lines {
            let words: Vec<&str> = line.trim_end_matches('.').split(' ').collect();
            match words[..] {
                ["acked", publisher, number] => {
                    self.acknowledged.push((parse(publisher), parse(number)));
                }
                ["handled", publisher, number, key] => {
                    self.handle((parse(publisher), parse(number)), key);
                }
                _ => {}
            }
        }
    }

    fn handle(&mut self, event: Event, key: &str) {
        let before = self.last.insert(event.0, event.1);
        assert!(
            before.is_none_or(|before| before < event.1),
            "life {}: {event:?} came after {before:?}",
            self.lives
        );
        self.handled.push((event, key.to_owned()));
    }

    pub(super) fn check(&self) {
        let mut keys: HashMap<Event, &str> = HashMap::new();
        let mut first: HashMap<u64, u64> = HashMap::new();
        for (event, key) in &self.handled {
            if let Some(before) = keys.insert(*event, key) {
                assert_eq!(before, key, "{event:?} came again with another key");
                continue;
            }
            let before = first.insert(event.0, event.1);
            assert!(
                before < Some(event.1),
                "{event:?} first came after {before:?}"
            );
        }
        let distinct: HashSet<&str> = keys.values().copied().collect();
        assert_eq!(distinct.len(), keys.len(), "two events have one key");
        let lost: Vec<_> = (self.acknowledged.iter())
            .filter(|event| !keys.contains_key(event))
            .collect();
        assert!(lost.is_empty(), "acknowledged, and never handled: {lost:?}");
        assert!(!self.acknowledged.is_empty(), "no life was long enough");
    }

    pub(super) fn summary(&self) -> String {
        let distinct: HashSet<_> = self.handled.iter().map(|(event, _)| event).collect();
        format!(
            "{} kills: {} acknowledged, {} handled, {} of them twice or more",
            self.lives - 1,
            self.acknowledged.len(),
            distinct.len(),
            self.handled.len() - distinct.len()
        )
    }
}

fn parse(number: &str) -> u64 {
    number.parse().unwrap()
}
