//! `queue`: what waits for each durable subscription, in the file of `queue-plugin`. It works while
//! the service runs and while it does not.

mod drop;

use std::future::Future;
use std::path::PathBuf;

use plugin_core::config::Settings;
use plugin_core::event::store::{Stock, SubscriptionName};
use plugin_core::{Descriptor, InstanceName};
use plugin_queue::{QueueConfig, QueueFile};
use serde::Serialize;

use crate::cli::{Place, QueueCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::plugins::COMPOSITION;
use crate::table::Table;

/// Name of the plugin whose file it is.
pub(super) const QUEUE: &str = "queue-plugin";

/// What waits for a subscription.
#[derive(Debug, Serialize)]
struct Waiting {
    #[serde(flatten)]
    stock: Stock,
    /// Whether a plugin of this build subscribes that is on.
    subscribed: bool,
    #[serde(skip)]
    note: &'static str,
}

pub(super) fn run(
    place: &Place,
    command: Option<QueueCommand>,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let settings = match command {
        None => super::readable(place, QUEUE),
        Some(_) => super::settings(place),
    };
    let settings = settings.map_err(Failure::Config)?;
    let path = path(&settings)?;
    wait_for(async {
        let mut file = QueueFile::open(&path).await?;
        let waiting = match &mut file {
            Some(file) => waiting(file.stock().await?, &settings),
            None => Vec::new(),
        };
        match (command, file) {
            (None, _) => list(&waiting, out),
            (Some(QueueCommand::Drop(options)), file) => {
                return drop::run(&waiting, file, &options, out).await;
            }
        }
        Ok(Exit::Ok)
    })
}

/// Those that somebody subscribes, or that are not empty.
fn waiting(stock: Vec<Stock>, settings: &Settings) -> Vec<Waiting> {
    let all = stock.into_iter().map(|stock| Waiting::of(stock, settings));
    all.filter(|one| one.subscribed || one.stock.pending + one.stock.dead > 0)
        .collect()
}

fn list(waiting: &[Waiting], out: &mut Output) {
    match out.format() {
        Format::Human => out.text(table(waiting)),
        Format::Json => out.json(&waiting),
    }
}

/// Where the file is by the config.
pub(super) fn path(settings: &Settings) -> Result<PathBuf, Failure> {
    let values = settings.plugins[QUEUE].values.clone();
    let config: Result<QueueConfig, _> = serde_json::from_value(values);
    let config = config.map_err(|error| Failure::Plugin(error.into()))?;
    Ok(config.file(&settings.manager.data_dir.join(QUEUE)))
}

/// Runs something that works on the file.
pub(super) fn wait_for<T>(
    work: impl Future<Output = plugin_core::Result<T>>,
) -> Result<T, Failure> {
    let runtime = super::run::runtime()?;
    runtime.block_on(work).map_err(Failure::Plugin)
}

impl Waiting {
    fn of(stock: Stock, settings: &Settings) -> Self {
        let name = &stock.subscription;
        let is_built = (COMPOSITION.plugins()).any(|plugin| subscribes(plugin, name));
        let is_on = (settings.plugins.get(&*name.plugin)).is_some_and(|it| it.config.enabled);
        let note = match (is_built, is_on) {
            (true, true) => "",
            (true, false) => "its plugin is turned off: kept until it is on",
            (false, _) => "no plugin of this build has this subscription: kept until one does",
        };
        Self {
            subscribed: note.is_empty(),
            stock,
            note,
        }
    }
}

fn subscribes(plugin: &Descriptor, name: &SubscriptionName) -> bool {
    plugin.name == InstanceName::of(&name.plugin).plugin
        && (plugin.subscriptions.iter()).any(|one| {
            one.options.durable && one.handler == name.handler && one.source.topic() == name.topic
        })
}

fn table(waiting: &[Waiting]) -> Table {
    let headings = [
        "plugin",
        "handler",
        "topic",
        ">waiting",
        ">bytes",
        ">for room",
        ">dropped",
        ">dead letters",
        "note",
    ];
    let mut table = Table::new(&headings);
    for Waiting { stock, note, .. } in waiting {
        table.row([
            stock.subscription.plugin.to_string(),
            stock.subscription.handler.to_string(),
            stock.subscription.topic.to_string(),
            stock.pending.to_string(),
            stock.bytes.to_string(),
            stock.waiting.to_string(),
            stock.dropped.to_string(),
            stock.dead.to_string(),
            (*note).to_owned(),
        ]);
    }
    table
}
