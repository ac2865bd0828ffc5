//! Undoes the steps of a reload when a later step fails.

use std::sync::Arc;

use super::SupervisorState;
use crate::config::{self, PreviousOverrides};
use crate::error::{Error, Result};
use crate::init::Predecessor;
use crate::lifecycle::assembly::Maker;
use crate::lifecycle::changes::Escalation;
use crate::lifecycle::checked::Wanted;
use crate::lifecycle::instance::{Instance, Setup};
use crate::lifecycle::{starting, stopping};

/// How a step is undone.
#[derive(Debug)]
pub(super) enum Undo {
    /// Something was stored for later starts.
    Noted(PreviousOverrides),
    /// An instance was unloaded; the flag says whether it had run.
    Load(Arc<Instance>, bool),
    /// An instance was loaded.
    Unload(Arc<Instance>),
    /// An instance was started with another setup. The flag says whether it had run; the last part
    /// is what it left then.
    Restart(Arc<Instance>, Arc<Setup>, bool, Arc<Predecessor>),
    /// An instance got another setup for its next start.
    Update(Arc<Instance>, Arc<Setup>),
    /// A new life replaced an instance.
    Replace(Wanted),
    /// An instance applied the new config while it ran.
    Reload(Arc<Instance>, Arc<Setup>),
}

impl SupervisorState {
    /// Restores the old config where a new life had replaced the old one.
    async fn replace_back(&self, wanted: Wanted) -> Result<(), (Arc<Instance>, Error)> {
        let configured = self.kernel.configured();
        let Err(error) = self.replace(&configured, wanted).await else {
            return Ok(());
        };
        let instance = self.named(wanted.name);
        let instance = instance.expect("nothing but a change of all takes an instance away");
        stopping::stop(&self.kernel, &instance).await;
        let maker = Maker::of(&self.kernel);
        instance.set_up(maker.setup(&configured, wanted, Some(&instance.setup())));
        instance.fail(&error);
        Err((instance, error))
    }

    /// Undoes the steps, the last one first; returns the instances that do not start again. Their
    /// failures are handled like any other failure.
    pub(super) async fn take_back(
        &self,
        undo: Vec<Undo>,
        escalation: &mut Escalation,
    ) -> Vec<&'static str> {
        let mut failed = Vec::new();
        for undo in undo.into_iter().rev() {
            let (instance, back) = match undo {
                Undo::Noted(before) => {
                    if let Err(error) = config::restore_overrides(&self.kernel.data_dir, before) {
                        tracing::error!("`overrides.yaml` is not as it was before: {error}");
                    }
                    continue;
                }
                Undo::Load(instance, ran) => {
                    self.manage(&instance);
                    let back = self.run_again(&instance, ran, &Arc::default()).await;
                    (instance, back)
                }
                Undo::Unload(instance) => {
                    stopping::stop(&self.kernel, &instance).await;
                    self.forget(&instance).await;
                    continue;
                }
                Undo::Replace(wanted) => match self.replace_back(wanted).await {
                    Ok(()) => continue,
                    Err((instance, error)) => (instance, Err(error)),
                },
                Undo::Update(instance, setup) => {
                    instance.set_up(Setup::clone(&setup));
                    continue;
                }
                Undo::Restart(instance, setup, ran, before) => {
                    let (_, left) = stopping::stop_for_next(&self.kernel, &instance).await;
                    instance.set_up(Setup::clone(&setup));
                    // If it did not start, it left nothing.
                    let left = if left.is_empty() { before } else { left };
                    let back = self.run_again(&instance, ran, &left).await;
                    (instance, back)
                }
                Undo::Reload(instance, setup) => {
                    let mut back = starting::reload(&self.kernel, &instance, &setup).await;
                    instance.set_up(Setup::clone(&setup));
                    // If the change can't be undone in place, the instance is started anew.
                    if back.is_err() {
                        let (_, left) = stopping::stop_for_next(&self.kernel, &instance).await;
                        back = self.run_again(&instance, true, &left).await;
                    }
                    (instance, back)
                }
            };
            if let Err(error) = back {
                failed.push(instance.name());
                let followed = self.follow_up(&instance, &error).await;
                *escalation = escalation.take().or(followed);
            }
        }
        failed
    }

    /// Starts an instance that ran before, unless something that it needs did not start again.
    async fn run_again(
        &self,
        instance: &Arc<Instance>,
        ran: bool,
        left: &Arc<Predecessor>,
    ) -> Result<()> {
        if !ran {
            return Ok(());
        }
        match self.missing_needs(instance).first() {
            Some(&need) => {
                self.postpone(instance, need);
                Ok(())
            }
            None => self.launch(instance, left).await,
        }
    }
}
