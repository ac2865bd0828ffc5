//! `dead-letters`: what the command line says of dead letters.

use clap::{Args, Subcommand};
use plugin_core::event::DeadLetterId;

/// Look at events that handlers failed with for good; replay or drop them.
///
/// The running service is asked; when none runs, the file of `queue-plugin` is read.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetters {
    /// List them, oldest first.
    List(LetterList),
    /// Print all of one of them, its data too.
    Show(LetterShow),
    /// Have their handlers called again by the running service; without one, at the next start.
    Replay(LetterChoice),
    /// Forget them.
    Drop(LetterChoice),
}

/// Which dead letters to list.
#[derive(Debug, Args)]
pub(crate) struct LetterList {
    #[command(flatten)]
    pub(crate) filter: LetterFilter,
    /// Most letters to print; the last line tells how to go on.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
    /// Only those after this one.
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<DeadLetterId>,
}

/// Whose dead letters.
#[derive(Debug, Args)]
pub(crate) struct LetterFilter {
    /// Only those of this plugin's handlers.
    #[arg(long, value_name = "NAME")]
    pub(crate) plugin: Option<String>,
    /// Only those of this topic.
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
}

/// Which dead letter to print.
#[derive(Debug, Args)]
pub(crate) struct LetterShow {
    /// Its id.
    pub(crate) id: DeadLetterId,
}

/// Which dead letters to do something with.
#[derive(Debug, Args)]
pub(crate) struct LetterChoice {
    /// Their ids.
    #[arg(
        value_name = "ID",
        required_unless_present_any = ["plugin", "topic", "all"],
        conflicts_with_all = ["plugin", "topic", "all"]
    )]
    pub(crate) ids: Vec<DeadLetterId>,
    #[command(flatten)]
    pub(crate) filter: LetterFilter,
    /// All there are.
    #[arg(long, conflicts_with_all = ["plugin", "topic"])]
    pub(crate) all: bool,
}
