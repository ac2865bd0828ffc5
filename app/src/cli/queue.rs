//! `queue`: what the command line says of stored events.

use clap::{Args, Subcommand};

/// Tell what waits for each durable subscription.
///
/// The running service is asked; when none runs, the file of `queue-plugin` is read. `drop` works on
/// the file, while the service runs and while it does not.
#[derive(Debug, Args)]
pub(crate) struct Queue {
    #[command(subcommand)]
    pub(crate) command: Option<QueueCommand>,
}

/// What to do with a subscription.
#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// Forget the events and dead letters of a subscription that there is no more.
    Drop(QueueDrop),
}

/// Which subscription to forget.
#[derive(Debug, Args)]
pub(crate) struct QueueDrop {
    /// Its plugin and handler, as in `mail-plugin.welcome`, or its whole name as the log tells it,
    /// with the topic in parentheses.
    pub(crate) subscription: String,
    /// Do it; without this, it is only told what would be forgotten.
    #[arg(long)]
    pub(crate) yes: bool,
}
