//! For a build without the feature `otlp`: there is no exporter, and a config that asks for one is
//! refused.

use plugin_core::prelude::*;

use crate::config::OtlpConfig;
use crate::span::Span;

/// An exporter, which never exists in this build.
#[derive(Debug)]
pub(crate) enum Exporter {}

pub(crate) fn check(_: &OtlpConfig) -> Result<()> {
    Err(Error::config(
        "`otlp`: this build can't send to a collector: build with `--features otlp`",
    ))
}

impl Exporter {
    pub(crate) fn new(config: &OtlpConfig, _: &Meter) -> Result<Self> {
        match check(config) {
            Ok(()) => Err(Error::bug("there is no exporter")),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn start(&self, _: &Tasks) -> Result<()> {
        match *self {}
    }

    pub(crate) fn write(&self, _: Span) {
        match *self {}
    }

    pub(crate) fn health(&self) -> Health {
        match *self {}
    }
}
