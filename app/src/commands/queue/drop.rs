//! `queue drop`: forgets what is kept for a subscription that there is no more.

use plugin_core::event::store::SubscriptionName;
use plugin_core::lifecycle::StoredSubscription;
use plugin_core::{counted, printable};
use plugin_queue::QueueFile;
use serde_json::json;

use crate::cli::QueueDrop;
use crate::exit::Exit;
use crate::output::{Format, Output, note};

pub(super) async fn run(
    stored: &[StoredSubscription],
    file: Option<QueueFile>,
    options: &QueueDrop,
    out: &mut Output,
) -> plugin_core::Result<Exit> {
    let found: Vec<&StoredSubscription> = (stored.iter())
        .filter(|one| is_called(&one.stock.subscription, &options.subscription))
        .collect();
    let (Some(mut file), [one]) = (file, &found[..]) else {
        return Ok(unclear(&found, &options.subscription));
    };
    let name = &one.stock.subscription;
    if one.subscribed {
        note(format_args!(
            "error: `{name}` is the subscription of a plugin that is in this build and on: what it \
             has not handled is not dropped; turn the plugin off first, with `enabled: false`"
        ));
        return Ok(Exit::Usage);
    }
    let (events, letters) = match options.yes {
        true => file.forget(name).await?,
        false => (one.stock.pending, one.stock.dead),
    };
    file.close().await?;
    match out.format() {
        Format::Human => out.text(format_args!(
            "{} and {} of `{name}` {}",
            counted(events, "event"),
            counted(letters, "dead letter"),
            match options.yes {
                true => "dropped",
                false => "would be dropped: add `--yes` to do it",
            }
        )),
        Format::Json => out.json(&json!({
            "subscription": name.to_string(),
            "events": events,
            "dead_letters": letters,
            "dropped": options.yes,
        })),
    }
    Ok(if options.yes { Exit::Ok } else { Exit::Usage })
}

fn is_called(name: &SubscriptionName, text: &str) -> bool {
    name.to_string() == text || format!("{}.{}", name.plugin, name.handler) == text
}

/// There is none of that name, or several.
fn unclear(found: &[&StoredSubscription], text: &str) -> Exit {
    let text = printable::line(text);
    if found.is_empty() {
        note(format_args!(
            "error: nothing is kept for a subscription `{text}`: `queue` lists them"
        ));
    }
    for one in found {
        note(format_args!(
            "error: `{text}` may be `{}`: give the whole name",
            one.stock.subscription
        ));
    }
    Exit::Usage
}
