//! The environment variables, including those that are not Unicode.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// Variables by their names.
#[derive(Clone, Default)]
pub(super) struct Variables {
    readable: BTreeMap<String, String>,
    /// Names of the variables whose name or value is not Unicode, in the best form in which they
    /// can be shown.
    garbled: BTreeSet<String>,
}

/// The state of a variable.
#[derive(Clone, Copy)]
pub(super) enum Variable<'a> {
    Unset,
    /// It is set to bytes that are not Unicode.
    Garbled,
    Set(&'a str),
}

impl Variables {
    pub(super) fn add(&mut self, name: OsString, value: OsString) {
        let shown = name.to_string_lossy().into_owned();
        self.readable.remove(&shown);
        self.garbled.remove(&shown);
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => drop(self.readable.insert(name, value)),
            _ => drop(self.garbled.insert(shown)),
        }
    }

    pub(super) fn get(&self, name: &str) -> Variable<'_> {
        match self.readable.get(name) {
            Some(value) => Variable::Set(value),
            None if self.garbled.contains(name) => Variable::Garbled,
            None => Variable::Unset,
        }
    }

    /// The variables that are Unicode, ordered by name.
    pub(super) fn readable(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.readable.iter();
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The names of the variables that are not.
    pub(super) fn garbled(&self) -> impl Iterator<Item = &str> {
        self.garbled.iter().map(String::as_str)
    }

    pub(super) fn len(&self) -> usize {
        self.readable.len() + self.garbled.len()
    }
}
