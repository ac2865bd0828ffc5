//! The command line, as clap reads it.

mod audit;
mod config;
mod dead_letters;
mod live;
mod operate;
mod publish;
mod queue;
mod schedules;
mod token;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::exit;
use crate::feed::OnError;
use crate::output;

pub(crate) use audit::{Audit, AuditCommand, AuditFilter, AuditVerify};
pub(crate) use config::{Config, ConfigDiff, ConfigReset, ConfigRollback, ConfigShow};
#[cfg(feature = "admin")]
pub(crate) use config::{ConfigGet, ConfigSet, ConfigUnset};
pub(crate) use dead_letters::DeadLetters;
#[cfg(feature = "queue")]
pub(crate) use dead_letters::{LetterChoice, LetterFilter, LetterList, LetterShow};
#[cfg(feature = "admin")]
pub(crate) use live::LogLevel;
pub(crate) use live::{Completions, Logs, Manual, Tap};
pub(crate) use operate::{Reload, Removal, SetChange, Stop, Target};
pub(crate) use publish::Publish;
pub(crate) use queue::Queue;
#[cfg(feature = "queue")]
pub(crate) use queue::{QueueCommand, QueueDrop};
pub(crate) use schedules::Schedules;
#[cfg(feature = "admin")]
pub(crate) use schedules::{OneSchedule, ScheduleAction};
pub(crate) use token::Token;
#[cfg(feature = "admin")]
pub(crate) use token::TokenNew;

/// A service composed of plugins. Without a command it runs.
#[derive(Debug, Parser)]
#[command(version, after_help = exit::help())]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Text for people, or JSON for programs; `graph` knows three languages more.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) format: OutputFormat,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Where config and data are.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Place {
    /// The manager's file [default: config/plugin_manager.yaml, if there is one].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where plugins keep things; goes before `data_dir` of the manager's file.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Ask a service that is elsewhere: `https://HOST:PORT`, the `listen` of its `admin-plugin`.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// File with the token to show to it.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// File with certificates, as PEM, by which it is known [default: those of the system].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

/// In which language a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Aligned text.
    #[default]
    #[value(alias = "human")]
    Text,
    /// JSON.
    Json,
    /// A Mermaid flowchart, of `graph` alone.
    Mermaid,
    /// Graphviz, of `graph` alone.
    Dot,
    /// A picture, of `graph` alone.
    Svg,
}

impl OutputFormat {
    /// Whom a command that draws nothing answers; nobody in a language of drawings.
    pub(crate) fn reader(self) -> Option<output::Format> {
        match self {
            Self::Text => Some(output::Format::Human),
            Self::Json => Some(output::Format::Json),
            Self::Mermaid | Self::Dot | Self::Svg => None,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the plugins and serve until Ctrl-C, or handle the events of a file.
    #[command(after_help = exit::help())]
    Run(Run),
    /// List the plugins of this build, and those that it could have held.
    List,
    /// Draw plugins, services and events.
    Graph,
    /// Tell everything about one plugin.
    Explain(Explain),
    /// Check the config without starting anything.
    Check,
    /// Print the JSON Schema of the config files and the events of this build.
    Schema,
    /// Look at the config.
    #[command(subcommand)]
    Config(Config),
    /// Look at the audit log: its last lines, or whether it is what was written.
    Audit(Audit),
    /// Look at events that handlers failed with for good; replay or drop them.
    #[command(subcommand)]
    DeadLetters(DeadLetters),
    /// Tell what waits for each durable subscription.
    Queue(Queue),
    /// Tell how each plugin of the running service does.
    #[command(after_help = exit::help())]
    Ps,
    /// Tell what each plugin of the running service does now: events in a second, latency, queue.
    #[command(after_help = exit::help())]
    Metrics,
    /// Watch the plugins of the running service, until `q`.
    #[cfg(feature = "top")]
    #[command(after_help = exit::help())]
    Top,
    /// Show events of the running service as they are published, until Ctrl-C.
    #[command(after_help = exit::help())]
    Tap(Tap),
    /// Show the last lines of the log of the running service, and with `-f` those that come.
    #[command(after_help = exit::help())]
    Logs(Logs),
    /// Start a plugin of the running service that was stopped or has failed.
    #[command(after_help = exit::help())]
    Start(Target),
    /// Stop a plugin of the running service.
    #[command(after_help = exit::help())]
    Stop(Stop),
    /// Stop a plugin of the running service and start it again. Those that need it go on.
    #[command(after_help = exit::help())]
    Restart(Target),
    /// Have the running service read its config again, and take over what has changed.
    #[command(after_help = exit::help())]
    Reload(Reload),
    /// Bring a plugin into the running service, until that ends.
    #[command(after_help = exit::help())]
    Load(SetChange),
    /// Stop a plugin of the running service and forget it, until that ends.
    #[command(after_help = exit::help())]
    Unload(Removal),
    /// Bring a plugin into the running service, and have it there at each start.
    #[command(after_help = exit::help())]
    Enable(SetChange),
    /// Stop a plugin of the running service and forget it, also at each start.
    #[command(after_help = exit::help())]
    Disable(Removal),
    /// Publish an event in the running service, in the name of the service itself.
    #[command(after_help = exit::help())]
    Publish(Publish),
    /// List the schedules of the running service; pause, resume, run or cancel one.
    #[command(after_help = exit::help())]
    Schedules(Schedules),
    /// Make tokens for who operates the service from elsewhere.
    #[command(subcommand)]
    Token(Token),
    /// Print what has a shell complete these commands: `app completions bash > FILE`.
    Completions(Completions),
    /// Print a manual page: `app man tap | man -l -`.
    Man(Manual),
}

/// How to run.
#[derive(Debug, Default, Args)]
pub(crate) struct Run {
    /// Handle the events of an NDJSON file, or of standard input with `-`, and end.
    ///
    /// A line is {"type": "user.login", "data": {…}}. Unless files or variables say
    /// otherwise, `api-plugin` then listens on any free port, so that nothing is in
    /// its way, and the log begins at `warn`, so that the summary can be found.
    #[arg(long, value_name = "FILE|-", verbatim_doc_comment)]
    pub(crate) events: Option<PathBuf>,
    /// What a bad line leads to.
    #[arg(long, value_enum, default_value_t, requires = "events")]
    pub(crate) on_error: OnError,
}

/// What to explain.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Name of the plugin.
    pub(crate) plugin: String,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Cli, OutputFormat};

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn report_d_options_of_all_commands_stand_anywhere() {
        let options = "--data-dir d --config c --format json";
        for line in [
            format!("app {options} dead-letters list"),
            format!("app dead-letters {options} list"),
            format!("app dead-letters list {options}"),
            format!("app {options} graph"),
            format!("app graph {options}"),
            format!("app {options}"),
            format!("app config show {options} hello-plugin"),
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.place.data_dir, Some("d".into()), "{line}");
            assert_eq!(cli.place.config, Some("c".into()), "{line}");
            assert_eq!(cli.format, OutputFormat::Json, "{line}");
        }
        let text = Cli::try_parse_from("app list --format human".split(' ')).unwrap();
        assert_eq!(
            text.format,
            OutputFormat::Text,
            "the name that it had before"
        );
    }

    #[test]
    fn what_to_do_with_bad_lines_needs_lines() {
        assert!(Cli::try_parse_from(["app", "run", "--on-error", "stop"]).is_err());
        assert!(Cli::try_parse_from("app run --events - --on-error stop".split(' ')).is_ok());
    }
}
