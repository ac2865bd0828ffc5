//! `queue`: what waits for each durable subscription. The running service is asked for it; when none
//! runs, it is in the file of `queue-plugin`.

mod drop;

use std::future::Future;
use std::path::PathBuf;

use plugin_core::config::Settings;
use plugin_core::lifecycle::StoredSubscription;
use plugin_queue::{QueueConfig, QueueFile};
use serde::Deserialize;
use serde_json::json;

use super::answer::{answer, read};
use crate::cli::{Place, QueueCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::plugins::COMPOSITION;
use crate::table::Table;

/// Name of the plugin whose file it is.
pub(super) const QUEUE: &str = "queue-plugin";

/// What waits for a subscription, as far as people are told.
#[derive(Debug, Deserialize)]
struct Waiting {
    subscription: Subscription,
    pending: u64,
    bytes: u64,
    waiting: u64,
    dropped: u64,
    dead: u64,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Subscription {
    plugin: String,
    handler: String,
    topic: String,
}

pub(super) fn run(
    place: &Place,
    command: Option<QueueCommand>,
    out: &mut Output,
) -> Result<Exit, Failure> {
    if let Some(QueueCommand::Drop(options)) = command {
        let settings = super::settings(place).map_err(Failure::Config)?;
        return with_file(&settings, async |file, stored| {
            drop::run(&stored, file, &options, out).await
        });
    }
    let mut answer = answer(place, (&["queue"], &[]), || {
        let settings = super::readable(place, QUEUE).map_err(Failure::Config)?;
        let stored = with_file(&settings, async |_, stored| Ok(stored))?;
        Ok(json!({"subscriptions": stored}))
    })?;
    let rows = answer["subscriptions"].take();
    match out.format() {
        Format::Json => out.json(&rows),
        Format::Human => out.text(table(&read::<Vec<Waiting>>(rows)?)),
    }
    Ok(Exit::Ok)
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

/// Does something with the file, if there is one, and with what it has for each subscription.
fn with_file<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(Option<QueueFile>, Vec<StoredSubscription>) -> plugin_core::Result<T>,
) -> Result<T, Failure> {
    let path = path(settings)?;
    wait_for(async {
        let mut file = QueueFile::open(&path).await?;
        let stock = match &mut file {
            Some(file) => file.stock().await?,
            None => Vec::new(),
        };
        let stock = stock.into_iter();
        let stored = stock.map(|stock| StoredSubscription::of(stock, &COMPOSITION, settings));
        work(file, stored.filter(|one| !one.is_void()).collect()).await
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
    for one in waiting {
        table.row([
            one.subscription.plugin.clone(),
            one.subscription.handler.clone(),
            one.subscription.topic.clone(),
            one.pending.to_string(),
            one.bytes.to_string(),
            one.waiting.to_string(),
            one.dropped.to_string(),
            one.dead.to_string(),
            one.note.clone().unwrap_or_default(),
        ]);
    }
    table
}
