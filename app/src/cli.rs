//! The command line, as clap reads it.

mod audit;
mod schedules;

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use plugin_core::event::DeadLetterId;

use crate::exit;
use crate::feed::OnError;
use crate::output;

pub(crate) use audit::{Audit, AuditVerify};
pub(crate) use schedules::{OneSchedule, ScheduleAction, Schedules};

/// A service composed of plugins. Without a command it runs.
#[derive(Debug, Parser)]
#[command(version, after_help = exit::help())]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Text for people, or JSON for programs; `graph` knows two languages more.
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
}

impl OutputFormat {
    /// Whom a command that draws nothing answers; nobody in a language of drawings.
    pub(crate) fn reader(self) -> Option<output::Format> {
        match self {
            Self::Text => Some(output::Format::Human),
            Self::Json => Some(output::Format::Json),
            Self::Mermaid | Self::Dot => None,
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
    /// Look at the audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Look at events that handlers failed with for good; replay or drop them.
    #[command(subcommand)]
    DeadLetters(DeadLetters),
    /// Tell what waits for each durable subscription.
    Queue(Queue),
    /// Tell how each plugin of the running service does.
    #[command(after_help = exit::help())]
    Ps,
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
    /// List the schedules of the running service; pause, resume, run or cancel one.
    #[command(after_help = exit::help())]
    Schedules(Schedules),
}

/// Which plugin to do something with.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Name of the plugin, which stands for all its instances, or of one instance.
    pub(crate) plugin: String,
}

/// What to stop.
#[derive(Debug, Args)]
pub(crate) struct Stop {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Stop the plugins that need it first; else it is refused while they run.
    #[arg(long)]
    pub(crate) cascade: bool,
}

/// What to read again.
#[derive(Debug, Args)]
pub(crate) struct Reload {
    /// Name of the one plugin whose section is taken over; else all of the config is.
    pub(crate) plugin: Option<String>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which plugin to bring in.
#[derive(Debug, Args)]
pub(crate) struct SetChange {
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which plugin to take out.
#[derive(Debug, Args)]
pub(crate) struct Removal {
    #[command(flatten)]
    pub(crate) change: SetChange,
    /// Take the plugins that need it out too; else it is refused while they are there.
    #[arg(long)]
    pub(crate) cascade: bool,
}

/// Tell what waits for each durable subscription.
///
/// Works on the file of `queue-plugin`, while the service runs and while it does not.
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

/// Look at the config.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print a plugin's effective values with their origin. Secrets are masked.
    Show(ConfigShow),
    /// List the configs that were applied, the oldest first.
    History,
    /// Tell what is different between two configs. Secrets are masked.
    Diff(ConfigDiff),
    /// Go back to a config that was applied. It holds with the next reload or start, in the place
    /// of the files, until one of them changes.
    Rollback(ConfigRollback),
}

/// Which configs to compare.
#[derive(Debug, Args)]
pub(crate) struct ConfigDiff {
    /// The older one: the number of a config that was applied, `running` for the one that was
    /// applied last, or `files` for the files as they are now.
    #[arg(value_name = "A", default_value = "running")]
    pub(crate) old: Which,
    /// The newer one, in the same words.
    #[arg(value_name = "B", default_value = "files")]
    pub(crate) new: Which,
}

/// Where to go back to.
#[derive(Debug, Args)]
pub(crate) struct ConfigRollback {
    /// The number of a config that was applied, `running` for the one that was applied last, or
    /// `files` to have the files count again.
    #[arg(value_name = "N")]
    pub(crate) to: Which,
}

/// A config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// One that was applied.
    Generation(u64),
    /// The one that was applied last.
    Running,
    /// The files as they are now.
    Files,
}

impl FromStr for Which {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "running" => Ok(Self::Running),
            "files" => Ok(Self::Files),
            number => match number.parse() {
                Ok(number) => Ok(Self::Generation(number)),
                Err(_) => {
                    Err("expected a number that `config history` lists, `running` or `files`")
                }
            },
        }
    }
}

/// Look at events that handlers failed with for good; replay or drop them.
///
/// Works on the file of `queue-plugin`, while the service runs and while it does not.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetters {
    /// List them, oldest first.
    List(LetterList),
    /// Print all of one of them, its data too.
    Show(LetterShow),
    /// Have their handlers called again, by the running service or at its next start, as soon as
    /// their plugin runs.
    Replay(LetterChoice),
    /// Forget them.
    Drop(LetterChoice),
}

/// Which dead letters to list.
#[derive(Debug, Args)]
pub(crate) struct LetterList {
    #[command(flatten)]
    pub(crate) filter: LetterFilter,
    /// Most letters to print; the last line tells how many there are, and how to go on.
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

/// What to show of the config.
#[derive(Debug, Args)]
pub(crate) struct ConfigShow {
    /// Name of the plugin, or `plugin_manager`.
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
