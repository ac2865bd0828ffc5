//! Carries out the operations of operators: start, stop and restart of a plugin, which means all
//! its instances, or of one instance.

use std::sync::Arc;

use super::failure::{count_restart, names};
use super::reload_request::{ReloadRequest, Switch};
use super::{InstanceRecord, Supervisor, SupervisorState};
use crate::config;
use crate::init::Predecessor;
use crate::instance_name::InstanceName;
use crate::lifecycle::changes::{Escalation, Footprint};
use crate::lifecycle::instance::Instance;
use crate::lifecycle::operation::{
    Actor, Operation, OperationError, OperationOutcome, OperationRequest,
};
use crate::lifecycle::requests::log_refusal;
use crate::lifecycle::stopping;

impl Supervisor {
    pub(super) fn operate(&mut self, request: OperationRequest) {
        let kernel = &self.shared.kernel;
        let claim = match &request.operation {
            Operation::Start { plugin }
            | Operation::Stop { plugin, .. }
            | Operation::Restart { plugin }
            | Operation::Schedule { plugin, .. } => {
                let instances = kernel.instances();
                Footprint::of(kernel, instances.find(plugin).iter().map(|one| one.id))
            }
            _ => Footprint::of_all(kernel),
        };
        let shared = Arc::clone(&self.shared);
        self.changes
            .begin(claim, async move { shared.carry_out(request).await });
    }
}

impl SupervisorState {
    async fn carry_out(&self, request: OperationRequest) -> Escalation {
        let mut escalation = None;
        let outcome = self
            .outcome(&request.operation, &request.actor, &mut escalation)
            .await;
        self.kernel
            .audit_operation(&request.operation, &request.actor, outcome.as_ref());
        // The requester may not wait any more; the operation is carried out nevertheless.
        drop(request.answer.send(outcome));
        escalation
    }

    async fn outcome(
        &self,
        operation: &Operation,
        actor: &Actor,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        match operation {
            Operation::Start { plugin } => self.start(plugin, escalation).await,
            Operation::Stop { plugin, cascade } => self.stop(plugin, *cascade).await,
            Operation::Restart { plugin } => self.restart(plugin, escalation).await,
            Operation::Schedule {
                plugin,
                schedule,
                action,
            } => (self.find(plugin)).and_then(|found| found[0].operate_schedule(schedule, *action)),
            Operation::Plan(operation) => {
                let reading = self.read(self.reload_request(operation, actor)?).await?;
                Ok(self.prepare(reading)?.outcome())
            }
            Operation::Rollback { generation } => {
                self.kernel.reloads.begin();
                let rolled = self.roll_back_to(*generation, actor, escalation).await;
                self.kernel.reloads.end(&rolled);
                self.note_attempt(operation, actor, &rolled);
                rolled
            }
            Operation::Reload { .. } => {
                self.kernel.reloads.begin();
                let (reloaded, fallback) = self.reload(operation, actor, escalation).await;
                (self.kernel).attempted(operation, actor, &reloaded, fallback);
                self.kernel.reloads.end(&reloaded);
                reloaded
            }
            Operation::Load { .. }
            | Operation::Unload { .. }
            | Operation::Enable { .. }
            | Operation::Disable { .. }
            | Operation::Configure { .. }
            | Operation::Reset { .. } => {
                let taken = self.take_over_config(operation, actor, escalation).await;
                self.note_attempt(operation, actor, &taken);
                taken
            }
        }
    }

    /// Records the result of an operation that applies config, and logs a failure.
    fn note_attempt(
        &self,
        operation: &Operation,
        actor: &Actor,
        result: &Result<OperationOutcome, OperationError>,
    ) {
        if let Err(error) = result {
            log_refusal(operation, actor, error);
        }
        self.kernel.attempted(operation, actor, result, None);
    }

    /// Reads config again, and takes over what an operation asks for.
    pub(super) async fn take_over_config(
        &self,
        operation: &Operation,
        actor: &Actor,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let reading = self.read(self.reload_request(operation, actor)?).await?;
        Box::pin(self.apply(self.prepare(reading)?, actor, escalation)).await
    }

    /// The config that an operation asks for.
    pub(super) fn reload_request(
        &self,
        operation: &Operation,
        actor: &Actor,
    ) -> Result<ReloadRequest, OperationError> {
        match operation {
            Operation::Reload { plugin } => {
                let plugin = plugin
                    .as_deref()
                    .map(|plugin| self.find(plugin))
                    .transpose()?;
                let only = plugin.map(|found| vec![found[0].section().to_owned()]);
                let switches = self.kernel.configured().sources.switches().clone();
                Ok(ReloadRequest {
                    only,
                    ..ReloadRequest::of_all(switches)
                })
            }
            Operation::Configure { plugin, edit } => self.edit((plugin, edit), actor),
            Operation::Rollback { generation } => self.back(*generation),
            Operation::Reset { plugin } => self.reset(plugin.as_deref()),
            Operation::Load { plugin } => self.switch(plugin, on(false)),
            Operation::Enable { plugin } => self.switch(plugin, on(true)),
            Operation::Unload { plugin, cascade } => self.switch(plugin, off(*cascade, false)),
            Operation::Disable { plugin, cascade } => self.switch(plugin, off(*cascade, true)),
            _ => Err(OperationError::NoPlan(operation.target().0)),
        }
    }

    async fn start(
        &self,
        plugin: &str,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let instances = self.find(plugin)?;
        let idle: Vec<_> = (instances.iter())
            .filter(|one| !one.state().is_active())
            .cloned()
            .collect();
        if idle.is_empty() {
            return Err(in_state(&instances[0]));
        }
        self.start_all(&idle, escalation).await
    }

    /// Starts the instances of a plugin. If one fails, the next is started nevertheless.
    async fn start_all(
        &self,
        instances: &[Arc<Instance>],
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let mut plugins = Vec::new();
        let mut failed = None;
        for instance in instances {
            let missing = self.missing_needs(instance);
            if !missing.is_empty() {
                let wiring = &self.kernel.wiring;
                return Err(OperationError::Needs {
                    plugin: instance.name(),
                    missing: missing.into_iter().map(|need| wiring.name(need)).collect(),
                });
            }
            self.record(instance.id, |record| *record = InstanceRecord::default());
            let left = Arc::default();
            match (self.launch_for_operator(instance, &left, escalation)).await {
                Ok(name) => plugins.push(name),
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        failed.map_or(Ok(OperationOutcome::of(plugins)), Err)
    }

    async fn stop(&self, plugin: &str, cascade: bool) -> Result<OperationOutcome, OperationError> {
        let instances = self.find(plugin)?;
        let gone = self.gone_with(&instances);
        let mut stopped = self.kernel.running_dependents(&gone);
        if !stopped.is_empty() && !cascade {
            return Err(OperationError::Needed {
                plugin: instances[0].name(),
                by: names(&stopped),
            });
        }
        // Cancels a planned restart, because the operator wants the instance to be stopped.
        let unplan = |one: &Arc<Instance>| {
            one.plan(None);
            self.record(one.id, |record| record.due.take())
        };
        let planned = instances.iter().filter_map(unplan).count();
        self.cancel_restarts(&gone);
        let mut running: Vec<_> = instances.iter().rev().cloned().collect();
        running.retain(|one| one.is_running());
        if running.is_empty() {
            return match planned {
                0 => Err(in_state(&instances[0])),
                _ => Ok(OperationOutcome::of(Vec::new())),
            };
        }
        stopped.extend(running);
        let stops = stopping::stop_some(&self.kernel, stopped).await;
        let plugins = stops.iter().map(|stop| stop.name).collect();
        Ok(OperationOutcome::of(plugins).left(&stops))
    }

    /// Restarts the instances one after the other, so that the others serve meanwhile. If one
    /// fails, the remaining ones are not restarted.
    async fn restart(
        &self,
        plugin: &str,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let mut outcome = OperationOutcome::of(Vec::new());
        for instance in self.find(plugin)? {
            let restarted = self.restart_one(&instance, escalation).await?;
            outcome.plugins.extend(restarted.plugins);
            outcome.dead_lettered += restarted.dead_lettered;
            outcome.lost += restarted.lost;
        }
        Ok(outcome)
    }

    async fn restart_one(
        &self,
        instance: &Arc<Instance>,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        if !instance.is_running() {
            return self.start_all(&[Arc::clone(instance)], escalation).await;
        }
        if instance.descriptor.overlap {
            return self.replace_one(instance).await;
        }
        let (stopped, left) = stopping::stop_for_next(&self.kernel, instance).await;
        self.record(instance.id, |record| *record = InstanceRecord::default());
        let launched = self.launch_for_operator(instance, &left, escalation);
        let plugin = launched.await?;
        count_restart(instance);
        Ok(OperationOutcome::of(vec![plugin]).left(&stopped))
    }

    /// Restarts an instance whose new life may run beside the old one. If the new one fails, the
    /// old one continues.
    async fn replace_one(&self, instance: &Instance) -> Result<OperationOutcome, OperationError> {
        let plugin = instance.name();
        let configured = self.kernel.configured();
        let wanted = configured
            .wanted()
            .into_iter()
            .find(|one| one.name == plugin);
        let wanted = wanted.ok_or_else(|| in_state(instance))?;
        let replaced = self.replace(&configured, wanted).await;
        match replaced {
            Ok(stopped) => Ok(OperationOutcome::of(vec![plugin]).left([&stopped])),
            Err(error) => Err(OperationError::NotReplaced { plugin, error }),
        }
    }

    /// Starts an instance. A failure is returned to the operator and handled like any other
    /// failure.
    async fn launch_for_operator(
        &self,
        instance: &Arc<Instance>,
        left: &Arc<Predecessor>,
        escalation: &mut Escalation,
    ) -> Result<&'static str, OperationError> {
        let plugin = instance.name();
        match self.launch(instance, left).await {
            Ok(()) => Ok(plugin),
            Err(error) => {
                let followed = self.follow_up(instance, &error).await;
                *escalation = escalation.take().or(followed);
                Err(OperationError::Failed { plugin, error })
            }
        }
    }

    /// The instances with this name; there is at least one.
    fn find(&self, plugin: &str) -> Result<Vec<Arc<Instance>>, OperationError> {
        let instances = self.kernel.instances();
        match instances.find(plugin) {
            [] => Err(match self.of_build(plugin) {
                Ok(plugin) => OperationError::NotLoaded { plugin },
                Err(unknown) => unknown,
            }),
            found => Ok(found.to_vec()),
        }
    }

    /// Refuses to load an instance while an instance that it needs is not loaded.
    pub(super) fn loaded_needs(&self, name: &'static str) -> Result<(), OperationError> {
        let (configured, instances) = (self.kernel.configured(), self.kernel.instances());
        let settings = &configured.settings;
        let mut plugins = configured.composition.plugins().enumerate();
        let plugin = InstanceName::of(name).plugin;
        let found = plugins.find(|(_, one)| one.name == plugin);
        let Some(((place, plugin), section)) = found.zip(settings.plugins.get(name)) else {
            return Ok(());
        };
        let wiring = &self.kernel.wiring;
        let bindings = config::bindings(plugin, &section.config);
        let needs = wiring.needs_of(place, &bindings);
        let mut missing: Vec<_> = needs
            .filter(|need| instances.matching(*need).next().is_none())
            .map(|need| wiring.name(need))
            .collect();
        missing.dedup();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(OperationError::Needs {
                plugin: name,
                missing,
            }),
        }
    }

    /// The name of a plugin of the build, or of a labelled instance that config names, whether or
    /// not it is under management.
    pub(super) fn of_build(&self, plugin: &str) -> Result<&'static str, OperationError> {
        let configured = self.kernel.configured();
        let known = || configured.settings.instances().map(|(_, one)| one.name());
        let found = known().find(|name| *name == plugin);
        found.ok_or_else(|| OperationError::Unknown {
            plugin: plugin.to_owned(),
            known: known().collect(),
        })
    }
}

fn in_state(instance: &Instance) -> OperationError {
    OperationError::State {
        plugin: instance.name(),
        state: instance.state(),
    }
}

const fn on(is_kept: bool) -> Switch {
    Switch {
        enabled: true,
        cascade: false,
        is_kept,
    }
}

const fn off(cascade: bool, is_kept: bool) -> Switch {
    Switch {
        enabled: false,
        cascade,
        is_kept,
    }
}
