//! Samples of a family, independent of the output format.

use std::fmt;

use plugin_core::Distribution;

use crate::family::{Family, Kind};

/// Receives families, one after the other.
pub(crate) trait FamilySink {
    /// Receives a family that is not in the catalogue. A family without samples is left out.
    fn named(
        &mut self,
        family: (&'static str, Kind, &str),
        labels: &'static [&'static str],
        fill: impl FnOnce(&mut Samples<'_>),
    );

    /// Receives a family.
    fn family(&mut self, family: &Family, fill: impl FnOnce(&mut Samples<'_>)) {
        let (name, kind) = (family.name, family.kind);
        self.named((name, kind, family.help), family.labels, fill);
    }
}

/// Receives the samples of one family.
pub(crate) trait SampleSink {
    fn number(&mut self, labels: &[(&str, &str)], value: Value);
    fn times(&mut self, labels: &[(&str, &str)], times: &Distribution);
}

/// The samples of a family.
pub(crate) struct Samples<'a> {
    sink: &'a mut dyn SampleSink,
    labels: &'static [&'static str],
}

impl<'a> Samples<'a> {
    /// The samples of a family with labels.
    pub(crate) fn new(sink: &'a mut dyn SampleSink, labels: &'static [&'static str]) -> Self {
        Self { sink, labels }
    }

    /// Adds a sample with the values of the family's labels.
    pub(crate) fn put<const N: usize>(&mut self, values: [&str; N], value: impl Into<Value>) {
        self.put_labelled(&self.labelled(values), value);
    }

    /// Adds a histogram of durations with the values of the family's labels.
    pub(crate) fn times<const N: usize>(&mut self, values: [&str; N], times: &Distribution) {
        self.times_labelled(&self.labelled(values), times);
    }

    fn labelled<'v, const N: usize>(&self, values: [&'v str; N]) -> [(&'static str, &'v str); N] {
        debug_assert_eq!(N, self.labels.len(), "{:?}", self.labels);
        std::array::from_fn(|at| (self.labels[at], values[at]))
    }

    /// Adds a sample with its own labels.
    pub(crate) fn put_labelled(&mut self, labels: &[(&str, &str)], value: impl Into<Value>) {
        self.sink.number(labels, value.into());
    }

    /// Adds a histogram of durations with its own labels.
    pub(crate) fn times_labelled(&mut self, labels: &[(&str, &str)], times: &Distribution) {
        self.sink.times(labels, times);
    }
}

/// The value of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    Whole(u64),
    Real(f64),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Real(number) => number.fmt(f),
        }
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Whole(number.into())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Whole(number as u64)
    }
}

impl From<bool> for Value {
    fn from(is_so: bool) -> Self {
        Self::Whole(is_so.into())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}
