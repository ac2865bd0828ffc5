//! Starts a new life of an instance beside the running one, and then replaces that, so that the
//! instance is available all the time. Until the routes of events, requests and services are
//! switched in one step, in which no plugin takes part, the old life continues as if there were no
//! new one.

use std::sync::Arc;

use tokio::time::Instant;

use super::activation::{deliver, enter};
use super::instance::Instance;
use super::kernel::Kernel;
use super::providing::install;
use super::report::PluginStop;
use super::snapshot::snapshot;
use super::starting::{self, micros};
use super::state::Step;
use super::stopping;
use crate::audit::Outcome;
use crate::error::{Error, Result};
use crate::event::DurableDelivery;
use crate::event::kernel::PluginReplaced;
use crate::init::Predecessor;

/// Replaces the running instance `old` by `new`, then stops `old` and returns how it stopped.
///
/// # Errors
///
/// Returns an error if `new` does not start. `old` continues then.
pub(super) async fn replace(
    kernel: &Arc<Kernel>,
    old: &Arc<Instance>,
    new: &Arc<Instance>,
) -> Result<PluginStop> {
    let began = Instant::now();
    new.set_beside(true);
    let predecessor = predecessor(kernel, old).await?;
    let prepared = match starting::construct(kernel, new, &predecessor).await {
        Ok(()) => starting::prepare(kernel, new).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &prepared {
        kernel.audit(old, "replace", Outcome::Failed, Some(error.to_string()));
    }
    prepared?;
    let stored = swap(kernel, old, new)?;
    let stopped = stopping::tear_down(kernel, old, None).await;
    deliver(kernel, new, stored);
    new.setup().identity.outlive();
    drop(predecessor);
    starting::let_go_of_before(new);
    // `Stopping` allows this step, and only this task makes steps of the instance.
    let _stopped = old.step(Step::Stopped);
    let (outcome, fault) = match stopped.is_clean() {
        true => (Outcome::Done, None),
        false => (Outcome::Failed, Some(fault(&stopped))),
    };
    kernel.audit(new, "replace", outcome, fault);
    kernel.announcer.announce(PluginReplaced {
        plugin: new.name().to_owned(),
        took_us: micros(began),
    });
    Ok(stopped)
}

/// The data that the running life leaves to the next one, while it continues.
async fn predecessor(kernel: &Kernel, old: &Instance) -> Result<Arc<Predecessor>> {
    let live = old.live().as_ref().map(|live| {
        let (plugin, hook) = (Arc::clone(&live.plugin), live.setup.hooks.snapshot);
        (plugin, hook, live.handover.clone())
    });
    let (plugin, hook, handover) =
        live.ok_or_else(|| Error::bug("a life that does not run has no next one"))?;
    Ok(Arc::new(Predecessor {
        snapshot: snapshot(kernel, old, (&plugin, hook)).await,
        handover: Some(handover),
    }))
}

/// Switches the routes to the new life. Stored events are delivered to it after the old life has
/// finished the events that it has in hand.
fn swap(kernel: &Arc<Kernel>, old: &Instance, new: &Arc<Instance>) -> Result<Vec<DurableDelivery>> {
    let (before, after) = (old.setup(), new.setup());
    new.step(Step::Started)?;
    let entry = old.board.read();
    new.board.change(|board| {
        board.restarts = entry.restarts + 1;
        board.last_error = entry.last_error;
    });
    after.identity.follow(&before.identity);
    before.timetable.close();
    after.timetable.follow(&before.timetable);
    let stored = enter(kernel, new, Some(old));
    install(kernel, new);
    kernel.manage(kernel.instances().replaced(Arc::clone(new)));
    new.set_beside(false);
    old.set_beside(true);
    old.step(Step::Stop)?;
    Ok(stored)
}

fn fault(stopped: &PluginStop) -> String {
    let error = stopped.error.clone().unwrap_or_default();
    format!("the life before did not stop in good order: {error}")
}
