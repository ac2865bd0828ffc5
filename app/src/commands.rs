//! The commands, a file each. All but `run` start nothing.

mod answer;
mod audit;
mod check;
#[cfg(feature = "admin")]
mod config_edit;
mod config_show;
#[cfg(feature = "queue")]
mod dead_letters;
mod explain;
mod generations;
mod graph;
#[cfg(feature = "admin")]
mod instance;
#[cfg(not(all(feature = "queue", feature = "admin")))]
mod left_out;
mod list;
#[cfg(feature = "admin")]
mod logs;
mod manual;
#[cfg(feature = "admin")]
mod metrics;
#[cfg(feature = "admin")]
mod operate;
#[cfg(feature = "admin")]
mod ps;
#[cfg(feature = "admin")]
mod publish;
#[cfg(feature = "queue")]
mod queue;
mod reset;
mod run;
#[cfg(feature = "admin")]
mod schedules;
mod schema;
#[cfg(feature = "admin")]
mod service;
#[cfg(feature = "admin")]
mod tap;
#[cfg(feature = "admin")]
mod token;
#[cfg(feature = "top")]
mod top;

use plugin_core::config::{self, PluginSettings, Settings};
use plugin_core::{Descriptor, InstanceName};

use crate::cli::{Cli, Command, Config, Place};
use crate::defaults;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, note};
use crate::plugins::COMPOSITION;
#[cfg(feature = "admin")]
use operate::{OperationRequest, operate};

/// What the manager's own section is called.
const MANAGER: &str = "plugin_manager";

/// Does what the command line says.
///
/// # Errors
///
/// When there is no result.
pub(crate) fn dispatch(cli: Cli, out: &mut Output) -> Result<Exit, Failure> {
    let place = &cli.place;
    let command = (cli.command).unwrap_or_else(|| Command::Run(crate::cli::Run::default()));
    if matches!(command, Command::Graph) {
        return Ok(graph::graph(place, cli.format, out));
    }
    out.turn_to(cli.format.reader().ok_or(Failure::NoDrawing)?);
    if place.url.is_some() && !command.asks_service() {
        return Err(Failure::NotElsewhere);
    }
    match command {
        Command::Run(options) => run::run(place, &options, out),
        Command::List => Ok(list::list(place, out)),
        Command::Graph => Err(Failure::NoDrawing),
        Command::Explain(options) => explain::explain(place, &options, out),
        Command::Check => check::check(place, out),
        Command::Schema => Ok(schema::schema(out)),
        Command::Audit(options) => audit::run(place, &options, out),
        #[cfg(feature = "queue")]
        Command::DeadLetters(command) => dead_letters::run(place, command, out),
        #[cfg(feature = "queue")]
        Command::Queue(options) => queue::run(place, options.command, out),
        #[cfg(not(feature = "queue"))]
        Command::DeadLetters(_) | Command::Queue(_) => left_out::refuse("queue-plugin"),
        #[cfg(feature = "admin")]
        Command::Ps => ps::ps(place, out),
        #[cfg(feature = "admin")]
        Command::Metrics => metrics::metrics(place, out),
        #[cfg(feature = "top")]
        Command::Top => top::top(place, out),
        #[cfg(feature = "admin")]
        Command::Tap(options) => tap::tap(place, &options, out),
        #[cfg(feature = "admin")]
        Command::Logs(options) => logs::logs(place, &options, out),
        #[cfg(feature = "admin")]
        Command::Start(target) => operate(place, &OperationRequest::start(&target), out),
        #[cfg(feature = "admin")]
        Command::Stop(stop) => operate(place, &OperationRequest::stop(&stop), out),
        #[cfg(feature = "admin")]
        Command::Restart(target) => operate(place, &OperationRequest::restart(&target), out),
        #[cfg(feature = "admin")]
        Command::Reload(reload) => operate(place, &OperationRequest::reload(&reload), out),
        #[cfg(feature = "admin")]
        Command::Load(change) => operate(place, &OperationRequest::load(&change), out),
        #[cfg(feature = "admin")]
        Command::Unload(removal) => operate(place, &OperationRequest::unload(&removal), out),
        #[cfg(feature = "admin")]
        Command::Enable(change) => operate(place, &OperationRequest::enable(&change), out),
        #[cfg(feature = "admin")]
        Command::Disable(removal) => operate(place, &OperationRequest::disable(&removal), out),
        #[cfg(feature = "admin")]
        Command::Schedules(schedules) => schedules::run(place, &schedules, out),
        #[cfg(feature = "admin")]
        Command::Token(command) => token::run(&command, out),
        #[cfg(feature = "admin")]
        Command::Publish(event) => publish::run(place, &event, out),
        #[cfg(feature = "admin")]
        Command::Config(Config::Get(options)) => config_edit::get(place, &options, out),
        #[cfg(feature = "admin")]
        Command::Config(Config::Set(options)) => config_edit::set(place, &options, out),
        #[cfg(feature = "admin")]
        Command::Config(Config::Unset(options)) => config_edit::unset(place, &options, out),
        #[cfg(not(feature = "admin"))]
        Command::Ps
        | Command::Metrics
        | Command::Tap(_)
        | Command::Logs(_)
        | Command::Start(_)
        | Command::Stop(_)
        | Command::Restart(_)
        | Command::Reload(_)
        | Command::Load(_)
        | Command::Unload(_)
        | Command::Enable(_)
        | Command::Disable(_)
        | Command::Schedules(_)
        | Command::Publish(_)
        | Command::Config(Config::Get(_) | Config::Set(_) | Config::Unset(_))
        | Command::Token(_) => left_out::refuse("admin-plugin"),
        Command::Completions(options) => Ok(manual::completions(&options, out)),
        Command::Man(options) => manual::man(&options, out),
        Command::Config(Config::Show(options)) => config_show::show(place, &options, out),
        Command::Config(Config::History) => generations::history(place, out),
        Command::Config(Config::Diff(options)) => generations::diff(place, &options, out),
        Command::Config(Config::Rollback(options)) => generations::rollback(place, &options, out),
        Command::Config(Config::Reset(options)) => reset::reset(place, &options, out),
    }
}

impl Command {
    /// Whether it can be asked of a service that is elsewhere.
    fn asks_service(&self) -> bool {
        match self {
            Self::Audit(audit) => audit.command.is_none(),
            Self::Queue(queue) => queue.command.is_none(),
            Self::Run(_)
            | Self::List
            | Self::Graph
            | Self::Explain(_)
            | Self::Check
            | Self::Schema
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Token(_) => false,
            _ => true,
        }
    }
}

/// The effective config, without starting anything.
fn settings(place: &Place) -> Result<Settings, config::ConfigError> {
    config::load(&defaults::sources(place), &COMPOSITION)
}

/// The config as far as it can be read, for commands that start nothing by it; what can't be read is
/// told. One that concerns the section that a command is about is refused.
fn readable(place: &Place, section: &str) -> Result<Settings, config::ConfigError> {
    let (settings, error) = config::load_readable(&defaults::sources(place), &COMPOSITION);
    let Some(error) = error else {
        return Ok(settings);
    };
    if error.concerns(section) || error.concerns(MANAGER) {
        return Err(error);
    }
    for issue in error.issues() {
        note(format_args!(
            "warning: this part of the config can't be read: {issue}"
        ));
    }
    Ok(settings)
}

/// The same for commands that have something to say without it.
fn settings_or_note(place: &Place) -> Option<Settings> {
    let settings = settings(place).map_err(|error| {
        let count = error.issues().len();
        note(format_args!(
            "the config has mistakes ({count}): `check` lists them"
        ));
    });
    settings.ok()
}

/// The plugin that an instance is of, if the build holds it.
fn plugin_of(instance: &str) -> Result<&'static Descriptor, Failure> {
    let plugin = InstanceName::of(instance).plugin;
    COMPOSITION.find(plugin).ok_or_else(|| {
        let absent = COMPOSITION.absent(plugin);
        Failure::Absent(absent.expect("what is not there is absent"))
    })
}

/// What config says of an instance of a plugin of the build; replicas share what it says.
fn instance<'s>(settings: &'s Settings, name: &str) -> Result<&'s PluginSettings, Failure> {
    let InstanceName {
        section, number, ..
    } = InstanceName::of(name);
    let found = settings.plugins.get(section).filter(|one| {
        let replicas = 1..=one.config.replicas;
        number.is_none_or(|number| number.parse().is_ok_and(|it| replicas.contains(&it)))
    });
    found.ok_or_else(|| {
        let plugin = InstanceName::of(name).plugin;
        let plugin = COMPOSITION.find(plugin).into_iter();
        let instances = plugin.flat_map(|plugin| settings.instances_of(plugin));
        let names = instances.map(|one| match (one.name(), one.config.replicas) {
            (name, 1) => format!("`{name}`"),
            (name, replicas) => format!("`{name}#1` to `{name}#{replicas}`"),
        });
        Failure::NoInstance(name.to_owned(), names.collect())
    })
}

/// What config asks the manager for, and no plugin does.
fn undone(settings: &Settings) -> Vec<String> {
    let manager = &settings.manager;
    let asked = [
        (
            manager.enable_hot_reload,
            ("enable_hot_reload", "changed files are not taken over"),
            ("watch-plugin", "watch"),
        ),
        (
            manager.served_metrics_port().is_some(),
            ("metrics_port", "metrics are not served"),
            ("metrics-plugin", "metrics"),
        ),
    ];
    let asked = asked.into_iter().filter(|(is_asked, ..)| *is_asked);
    let undone = asked.filter_map(|(_, (key, what), (plugin, feature))| {
        let why = match settings.plugins.get(plugin) {
            Some(plugin) if plugin.config.enabled => return None,
            Some(_) => format!("`{plugin}` is off"),
            None => {
                format!("`{plugin}` is not in this binary: build it with the feature `{feature}`")
            }
        };
        Some(format!("plugin_manager.{key}: {what}, for {why}"))
    });
    undone.collect()
}
