//! `completions` and `man`: what the command line says of itself, for shells and for `man`.

use clap::CommandFactory;

use crate::cli::{Cli, Completions, Manual};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The name that the program is called by.
const NAME: &str = "app";

pub(super) fn completions(options: &Completions, out: &mut Output) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), NAME, &mut script);
    out.text(String::from_utf8_lossy(&script));
    Exit::Ok
}

pub(super) fn man(options: &Manual, out: &mut Output) -> Result<Exit, Failure> {
    let all = Cli::command().name(NAME);
    let command = match &options.command {
        None => all,
        Some(name) => {
            let command = all.find_subcommand(name).cloned();
            let command = command.ok_or_else(|| Failure::NoCommand(name.clone()))?;
            let command = command.bin_name(format!("{NAME} {name}"));
            command.display_name(format!("{NAME}-{name}"))
        }
    };
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command).render(&mut page);
    rendered.map_err(Failure::io("can't write the manual page"))?;
    out.text(String::from_utf8_lossy(&page));
    Ok(Exit::Ok)
}
