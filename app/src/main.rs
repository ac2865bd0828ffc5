//! A service composed of plugins.
//!
//! `plugins.rs` says which plugins there are; everything else is the same for any set of them.

#![forbid(unsafe_code)]
// A plugin that is in Cargo.toml and not in `plugins.rs` is an error, and no silent loss.
#![deny(unused_crate_dependencies)]

mod cli;
mod commands;
mod defaults;
mod demo;
mod exit;
mod failure;
mod feed;
mod output;
mod plugins;
mod report;
mod signal;
mod systemd;
mod table;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use exit::Exit;
use output::{Format, Output, note, notes};

/// Bills memory to the plugin whose code is at work.
#[cfg(feature = "accounting")]
#[global_allocator]
static ALLOCATOR: plugin_accounting::BillingAllocator = plugin_accounting::BillingAllocator;

fn main() -> ExitCode {
    keep_private();
    #[cfg(feature = "isolation")]
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == defaults::INSTANCE)
    {
        return plugin_core::placement::serve(&plugins::COMPOSITION);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => return answered(&answer),
    };
    let mut out = Output::stdout();
    let exit = commands::dispatch(cli, &mut out).unwrap_or_else(|failure| {
        if out.format() == Format::Json {
            out.json_line(&failure.told());
            return failure.exit();
        }
        let text = failure.to_string();
        let text = text.trim_end();
        // Several lines are of one rank: none of them stands beside the word alone.
        let gap = if text.contains('\n') { '\n' } else { ' ' };
        notes(format_args!("error:{gap}{text}"));
        failure.exit()
    });
    match out.finish() {
        Ok(()) => exit.into(),
        Err(error) => {
            note(format_args!("error: can't write the output: {error}"));
            Exit::Failed.into()
        }
    }
}

/// What a service keeps is private. Plugins make their files so; this is for what they forget.
fn keep_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// A help or a mistake of usage, which quotes what was typed.
fn answered(answer: &clap::Error) -> ExitCode {
    if answer.use_stderr() {
        notes(answer.render());
        return Exit::Usage.into();
    }
    // A reader that closed the pipe has seen what it wanted.
    drop(answer.print());
    Exit::Ok.into()
}
