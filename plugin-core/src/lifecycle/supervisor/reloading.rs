//! Applies another config, as a whole or not at all: if a step fails, the steps before it are
//! undone.

use std::sync::Arc;

use tokio::time::Instant;

use super::SupervisorState;
use super::failure::count_restart;
use super::reload_request::ReloadRequest;
use super::undo::Undo;
use crate::config::{self, ConfigFiles, ManagerKey, Overrides, PreviousOverrides};
use crate::error::{Error, Result};
use crate::init::Predecessor;
use crate::lifecycle::assembly::Maker;
use crate::lifecycle::changes::Escalation;
use crate::lifecycle::checked::{Checked, Wanted};
use crate::lifecycle::instance::Instance;
use crate::lifecycle::operation::{Actor, OperationError, OperationOutcome};
use crate::lifecycle::reload::{ChangeAction, InstanceChange, PlannedChange, plan};
use crate::lifecycle::report::PluginStop;
use crate::lifecycle::{replacing, starting, stopping};

/// A config that was read again.
#[derive(Debug)]
pub(super) struct ReadConfig {
    /// The applied config.
    now: Arc<Checked>,
    /// The files that were read.
    pub(super) files: Arc<ConfigFiles>,
    read: Result<Checked, OperationError>,
    /// Whether all sections are applied, including the manager's own.
    is_whole: bool,
    kept: Vec<(String, Option<bool>)>,
    overrides: Option<Overrides>,
}

/// A checked config that can be applied.
#[derive(Debug)]
pub(super) struct Prepared {
    checked: Checked,
    steps: Vec<PlannedChange>,
    /// What is stored about plugins for all later starts.
    kept: Vec<(String, Option<bool>)>,
    /// The complete content of `overrides.yaml`, if values are set.
    overrides: Option<Overrides>,
    /// Keys of the manager that take effect with the reload.
    manager: Vec<String>,
    /// Keys of the manager that take effect only at the next start of the process.
    later: Vec<String>,
}

impl Prepared {
    pub(super) fn outcome(self) -> OperationOutcome {
        let mut outcome = OperationOutcome::of(Vec::new());
        outcome.changes = self.steps.into_iter().map(|step| step.change).collect();
        outcome.manager = self.manager;
        outcome.later = self.later;
        outcome.overridden = self.checked.settings.overridden().to_vec();
        outcome.rollback = self.checked.settings.rollback().cloned();
        outcome
    }
}

impl SupervisorState {
    /// Reads and checks config, without changing anything.
    pub(super) async fn read(&self, request: ReloadRequest) -> Result<ReadConfig, OperationError> {
        let now = self.kernel.configured();
        let ReloadRequest {
            only,
            switches,
            kept,
            instead,
        } = request;
        let overrides = instead.overrides().cloned();
        let is_whole = only.is_none();
        let read = tokio::task::spawn_blocking(move || {
            let (files, read) = now.read_again(switches, instead);
            let read = read.map_err(OperationError::Config);
            let read = read.and_then(|new| match only {
                Some(only) => new.taken(&only, &now),
                None => Ok(new),
            });
            (now, files, read)
        });
        let (now, files, read) =
            (read.await).map_err(|error| OperationError::Unreadable(error.to_string()))?;
        Ok(ReadConfig {
            now,
            files,
            read,
            is_whole,
            kept,
            overrides,
        })
    }

    /// Computes what a config that was read would change, without changing anything.
    pub(super) fn prepare(&self, reading: ReadConfig) -> Result<Prepared, OperationError> {
        let (now, checked) = (reading.now, reading.read?);
        let difference = now.settings.difference(&checked.settings);
        let (manager, later): (Vec<_>, Vec<_>) =
            (difference.manager.iter()).partition(|key| key.holds_at_once());
        let names = |keys: Vec<&ManagerKey>| -> Vec<_> {
            keys.iter().map(|key| key.changed.key.clone()).collect()
        };
        let (manager, mut later) = (names(manager), names(later));
        let will_move = reading.is_whole && checked.settings.will_move;
        later.extend(will_move.then(|| "plugin_manager.data_dir".to_owned()));
        Ok(Prepared {
            steps: plan(
                &self.kernel.instances(),
                &difference,
                &checked,
                &self.kernel.wiring,
            )
            .map_err(|unmet| OperationError::Needs {
                plugin: unmet.plugin,
                missing: unmet.missing,
            })?,
            manager,
            later,
            checked,
            kept: reading.kept,
            overrides: reading.overrides,
        })
    }

    /// Applies a config. If a step fails, the steps before it are undone, so that the old config is
    /// restored.
    pub(super) async fn apply(
        &self,
        prepared: Prepared,
        by: &Actor,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let Prepared {
            mut checked,
            steps,
            kept,
            overrides,
            manager,
            later,
        } = prepared;
        let mut outcome = OperationOutcome::of(Vec::new());
        let mut undo: Vec<_> = (self.note(&kept, overrides.as_ref())?.map(Undo::Noted))
            .into_iter()
            .collect();
        for PlannedChange { mut change, wanted } in steps {
            let began = Instant::now();
            let done = match wanted {
                None => self.unload(change.plugin, &mut outcome, &mut undo).await,
                Some(wanted) => {
                    let what = (&checked, wanted, change.action);
                    self.take_over(what, &mut outcome, &mut undo).await
                }
            };
            if let Err(error) = done {
                return Err(self
                    .roll_back((change.plugin, error), undo, escalation)
                    .await);
            }
            change.took = began.elapsed();
            if change.action != ChangeAction::Update {
                outcome.plugins.push(change.plugin);
            }
            outcome.changes.push(change);
        }
        let mut switches = checked.sources.switches().clone();
        switches.retain(|plugin, _| !kept.iter().any(|(kept, _)| kept == plugin));
        checked.sources = checked.sources.clone().switched(switches);
        outcome.overridden = checked.settings.overridden().to_vec();
        outcome.rollback = checked.settings.rollback().cloned();
        self.kernel.configure(checked);
        outcome.not_kept = self.kernel.keep_config(Some(by.to_string())).await;
        outcome.manager = manager;
        outcome.later = later;
        if !outcome.manager.is_empty() {
            let keys = outcome.manager.join(", ");
            tracing::info!(keys, "the manager takes over config");
        }
        if !outcome.changes.is_empty() {
            let changed = outcome.changes.iter().map(InstanceChange::to_string);
            let changed = changed.collect::<Vec<_>>().join("; ");
            tracing::info!(changed, "config is taken over");
        }
        Ok(outcome)
    }

    /// Restores the old config.
    async fn roll_back(
        &self,
        (plugin, error): (&'static str, Error),
        undo: Vec<Undo>,
        escalation: &mut Escalation,
    ) -> OperationError {
        tracing::error!(plugin, "the new config is not taken over: {error}");
        let failed = self.take_back(undo, escalation).await;
        OperationError::RolledBack {
            plugin,
            error,
            failed,
        }
    }

    /// Stores for all later starts whether plugins are on or off. This is the first step, so that
    /// nothing is changed if it fails.
    fn note(
        &self,
        kept: &[(String, Option<bool>)],
        overrides: Option<&Overrides>,
    ) -> Result<Option<PreviousOverrides>, OperationError> {
        let noted = match overrides {
            Some(overrides) => overrides.write(&self.kernel.data_dir),
            None if kept.is_empty() => return Ok(None),
            None => config::override_enabled(&self.kernel.data_dir, kept),
        };
        noted.map(Some).map_err(|error| {
            let what = "nothing was done, for it can't be noted for later starts in the \
                        `overrides.yaml` of the data directory";
            OperationError::Unreadable(format!("{what}: {error}"))
        })
    }

    async fn unload(
        &self,
        name: &'static str,
        outcome: &mut OperationOutcome,
        undo: &mut Vec<Undo>,
    ) -> Result<()> {
        let instance = self.named(name)?;
        let ran = instance.is_running();
        let stopped = stopping::stop(&self.kernel, &instance).await;
        outcome.add_left(&stopped);
        self.forget(&instance).await;
        undo.push(Undo::Load(instance, ran));
        Ok(())
    }

    async fn take_over(
        &self,
        (checked, wanted, action): (&Checked, Wanted, ChangeAction),
        outcome: &mut OperationOutcome,
        undo: &mut Vec<Undo>,
    ) -> Result<()> {
        let maker = Maker::of(&self.kernel);
        if action == ChangeAction::Load {
            let instance = Arc::new(maker.instance(checked, wanted));
            self.manage(&instance);
            undo.push(Undo::Unload(Arc::clone(&instance)));
            return self.start_with(&instance, &Arc::default()).await;
        }
        if action == ChangeAction::Replace {
            outcome.add_left([&self.replace(checked, wanted).await?]);
            undo.push(Undo::Replace(wanted));
            return Ok(());
        }
        let instance = self.named(wanted.name)?;
        let before = instance.setup();
        let setup = maker.setup(checked, wanted, Some(&before));
        match action {
            ChangeAction::Restart => {
                let ran = instance.is_running();
                let (stopped, left) = stopping::stop_for_next(&self.kernel, &instance).await;
                outcome.add_left(&stopped);
                setup.timetable.follow(&before.timetable);
                instance.set_up(setup);
                let back = Undo::Restart(Arc::clone(&instance), before, ran, Arc::clone(&left));
                undo.push(back);
                self.start_with(&instance, &left).await?;
                count_restart(&instance);
            }
            ChangeAction::Reload => {
                starting::reload(&self.kernel, &instance, &setup).await?;
                instance.set_up(setup.of_life(&before));
                undo.push(Undo::Reload(instance, before));
            }
            _ => {
                let runs = instance.is_running();
                instance.set_up(if runs { setup.of_life(&before) } else { setup });
                undo.push(Undo::Update(instance, before));
            }
        }
        Ok(())
    }

    /// Replaces the running life of an instance by a new one. If the new one does not start, the
    /// old one continues.
    pub(super) async fn replace(&self, checked: &Checked, wanted: Wanted) -> Result<PluginStop> {
        let old = self.named(wanted.name)?;
        let new = Arc::new(Maker::of(&self.kernel).instance(checked, wanted));
        let stopped = replacing::replace(&self.kernel, &old, &new).await?;
        self.record(new.id, |record| *record = super::InstanceRecord::default());
        tracing::info!(
            plugin = new.name(),
            "a new life took the place of the last one"
        );
        Ok(stopped)
    }

    /// Starts an instance with a config with which it has not run before.
    async fn start_with(&self, instance: &Arc<Instance>, left: &Arc<Predecessor>) -> Result<()> {
        self.record(instance.id, |record| {
            *record = super::InstanceRecord::default()
        });
        let started = self.launch(instance, left).await;
        started.inspect_err(|error| self.kernel.failed(instance, error, false))
    }

    pub(super) fn named(&self, name: &str) -> Result<Arc<Instance>> {
        let instances = self.kernel.instances();
        let instance = instances.named(name).cloned();
        instance.ok_or_else(|| Error::bug(format!("`{name}` went while config was taken over")))
    }

    /// Puts an instance under management.
    pub(super) fn manage(&self, instance: &Arc<Instance>) {
        let (kernel, setup) = (&self.kernel, instance.setup());
        let (bus, subscriptions) = (&kernel.bus, &setup.subscriptions);
        bus.durables().declare(bus, &setup.identity, subscriptions);
        kernel.manage(kernel.instances().with(Arc::clone(instance)));
    }

    /// Removes an instance that does not run from management.
    pub(super) async fn forget(&self, instance: &Instance) {
        let (kernel, setup) = (&self.kernel, instance.setup());
        let durables = kernel.bus.durables();
        let limit = async {
            tokio::select! {
                () = tokio::time::sleep(setup.timeout) => {}
                // The stop of the system stores the remaining letters.
                () = kernel.stopping.cancelled() => {}
                () = kernel.insist.cancelled() => {}
            }
        };
        let bus = &kernel.bus;
        durables.withdraw(bus, &setup.identity, limit).await;
        kernel.switchboard.forget(&setup.identity);
        self.records().remove(&instance.id);
        kernel.manage(kernel.instances().without(instance.name()));
    }
}
