//! The commands, a file each. All but `run` start nothing.

mod check;
mod config_show;
#[cfg(feature = "queue")]
mod dead_letters;
mod explain;
mod graph;
mod list;
#[cfg(not(feature = "queue"))]
mod no_queue;
#[cfg(feature = "queue")]
mod queue;
mod run;
mod schema;

use plugin_core::config::{self, Settings};

use crate::cli::{Cli, Command, Config, Place};
use crate::defaults;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::plugins::COMPOSITION;
#[cfg(not(feature = "queue"))]
use no_queue as dead_letters;
#[cfg(not(feature = "queue"))]
use no_queue as queue;

/// Does what the command line says.
///
/// # Errors
///
/// When there is no result.
pub(crate) fn dispatch(cli: Cli, out: &mut Output) -> Result<Exit, Failure> {
    let place = &cli.place;
    match cli
        .command
        .unwrap_or_else(|| Command::Run(crate::cli::Run::default()))
    {
        Command::Run(options) => run::run(place, &options, out),
        Command::List(show) => Ok(list::list(place, show, out)),
        Command::Graph(options) => Ok(graph::graph(options.format, out)),
        Command::Explain(options) => explain::explain(place, &options, out),
        Command::Check(show) => check::check(place, show, out),
        Command::Schema(_) => Ok(schema::schema(out)),
        Command::DeadLetters(command) => dead_letters::run(place, command, out),
        Command::Queue(show) => queue::run(place, show, out),
        Command::Config(Config::Show(options)) => config_show::show(place, &options, out),
    }
}

/// The effective config, without starting anything.
fn settings(place: &Place) -> Result<Settings, config::ConfigError> {
    config::load(&defaults::sources(place), &COMPOSITION)
}
