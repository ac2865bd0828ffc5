//! How the steps of a reload are taken back when a later one fails.

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

/// How a step is taken back.
#[derive(Debug)]
pub(super) enum Undo {
    /// It was noted for later starts.
    Noted(PreviousOverrides),
    /// It was unloaded; whether it ran.
    Load(Arc<Instance>, bool),
    /// It was loaded.
    Unload(Arc<Instance>),
    /// It was started with another setup; whether it ran, and what it left then.
    Restart(Arc<Instance>, Arc<Setup>, bool, Arc<Predecessor>),
    /// It has another setup from its next start on.
    Update(Arc<Instance>, Arc<Setup>),
    /// Another life took its place.
    Replace(Wanted),
    /// It took the new config over.
    Reload(Arc<Instance>, Arc<Setup>),
}

impl SupervisorState {
    /// Has the config of before hold again where another life took it over.
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

    /// Takes steps back, the last one first; says which instances do not come up again. These are
    /// followed up like any that fail.
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
                    // One that did not come up left nothing.
                    let left = if left.is_empty() { before } else { left };
                    let back = self.run_again(&instance, ran, &left).await;
                    (instance, back)
                }
                Undo::Reload(instance, setup) => {
                    let mut back = starting::reload(&self.kernel, &instance, &setup).await;
                    instance.set_up(Setup::clone(&setup));
                    // What can't be changed back in place starts anew.
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

    /// Has an instance run that ran before, unless what it needs did not come up again.
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
