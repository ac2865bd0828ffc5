//! A new life of an instance beside the one that runs, and then in its place: nobody is without it
//! meanwhile. Until the one change of all doors, which no plugin takes part in, the old life goes on as
//! if there were no new one.

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

/// Puts `new` in the place of `old`, which runs, and then stops that; says how it stopped.
///
/// # Errors
///
/// When `new` does not come up. Then `old` goes on.
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
    // `Stopping` allows it, and nobody else takes steps of it.
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

/// What the life that runs leaves to the next one, while it goes on.
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

/// Changes all doors. What is stored is delivered to the new life when the old one is done with
/// what it has in hand.
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
