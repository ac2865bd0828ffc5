//! `publish`: what the command line says of an event.

use clap::Args;

/// What to publish.
#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// Topic of the event.
    pub(crate) topic: String,
    /// Its data as JSON, or `-` to read them from standard input.
    #[arg(value_name = "JSON|-")]
    pub(crate) data: String,
}
