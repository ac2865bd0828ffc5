//! Carries out what an operator asks for: start, stop, restart of one plugin, which is that of all
//! its instances, or of one instance.

use std::ops::Range;

use super::{Escalation, Record, Supervisor};
use crate::lifecycle::operation::{Operation, OperationError, OperationOutcome, Request};
use crate::lifecycle::stopping;

impl Supervisor {
    pub(super) async fn operate(&mut self, request: Request) -> Escalation {
        let mut escalation = None;
        let outcome = match &request.operation {
            Operation::Start { plugin } => self.start(plugin, &mut escalation).await,
            Operation::Stop { plugin, cascade } => self.stop(plugin, *cascade).await,
            Operation::Restart { plugin } => self.restart(plugin, &mut escalation).await,
            Operation::Schedule {
                plugin,
                schedule,
                action,
            } => self
                .find(plugin)
                .and_then(|units| self.kernel.operate_schedule(units.start, schedule, *action)),
        };
        self.kernel
            .audit_operation(&request.operation, &request.actor, outcome.as_ref());
        // Whoever asked may have gone; the operation is done all the same.
        drop(request.answer.send(outcome));
        escalation
    }

    async fn start(
        &mut self,
        plugin: &str,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let units = self.find(plugin)?;
        let state = |unit: usize| self.kernel.units[unit].board.read().state;
        let idle: Vec<usize> = (units.clone())
            .filter(|&unit| !state(unit).is_active())
            .collect();
        if idle.is_empty() {
            return Err(OperationError::State {
                plugin: self.kernel.units[units.start].name(),
                state: state(units.start),
            });
        }
        self.start_all(&idle, escalation).await
    }

    /// Starts instances of a plugin, each whatever became of the one before it.
    async fn start_all(
        &mut self,
        units: &[usize],
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let mut plugins = Vec::new();
        let mut failed = None;
        for &unit in units {
            let missing: Vec<_> = (self.missing_needs(unit))
                .map(|need| self.kernel.units[need.start].plugin())
                .collect();
            if !missing.is_empty() {
                return Err(OperationError::Needs {
                    plugin: self.kernel.units[unit].name(),
                    missing,
                });
            }
            self.records[unit] = Record::default();
            match self.launch_for_operator(unit, escalation).await {
                Ok(name) => plugins.push(name),
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        failed.map_or(Ok(OperationOutcome::of(plugins)), Err)
    }

    async fn stop(
        &mut self,
        plugin: &str,
        cascade: bool,
    ) -> Result<OperationOutcome, OperationError> {
        let units = self.find(plugin)?;
        let this = &self.kernel.units[units.start];
        let gone = self.gone_with(units.clone());
        let mut stopped = self.kernel.running_dependents(&gone);
        if !stopped.is_empty() && !cascade {
            return Err(OperationError::Needed {
                plugin: this.name(),
                by: self.names(&stopped),
            });
        }
        // A restart that was planned is off: the operator wants it down.
        let planned = (units.clone())
            .filter_map(|unit| self.records[unit].due.take())
            .count();
        self.cancel_restarts(&gone);
        let this = &self.kernel.units[units.start];
        let running: Vec<usize> = (units.clone().rev())
            .filter(|&unit| self.kernel.units[unit].is_running())
            .collect();
        if running.is_empty() {
            return match planned {
                0 => Err(OperationError::State {
                    plugin: this.name(),
                    state: this.board.read().state,
                }),
                _ => Ok(OperationOutcome::of(Vec::new())),
            };
        }
        stopped.extend(running);
        let stops = stopping::stop_some(&self.kernel, stopped).await;
        let plugins = stops.iter().map(|stop| stop.name).collect();
        Ok(OperationOutcome::of(plugins).left(&stops))
    }

    /// Restarts the instances one after the other, so that the others serve meanwhile; one that
    /// fails leaves those after it as they are.
    async fn restart(
        &mut self,
        plugin: &str,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let mut outcome = OperationOutcome::of(Vec::new());
        for unit in self.find(plugin)? {
            let restarted = self.restart_one(unit, escalation).await?;
            outcome.plugins.extend(restarted.plugins);
            outcome.dead_lettered += restarted.dead_lettered;
            outcome.lost += restarted.lost;
        }
        Ok(outcome)
    }

    async fn restart_one(
        &mut self,
        unit: usize,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        if !self.kernel.units[unit].is_running() {
            return self.start_all(&[unit], escalation).await;
        }
        let stopped = stopping::stop(&self.kernel, unit).await;
        self.records[unit] = Record::default();
        let plugin = self.launch_for_operator(unit, escalation).await?;
        self.count_restart(unit);
        Ok(OperationOutcome::of(vec![plugin]).left(&stopped))
    }

    /// A failure is told to the operator, and followed up like any other.
    async fn launch_for_operator(
        &mut self,
        unit: usize,
        escalation: &mut Escalation,
    ) -> Result<&'static str, OperationError> {
        let plugin = self.kernel.units[unit].name();
        match self.launch(unit).await {
            Ok(()) => Ok(plugin),
            Err(error) => {
                let followed = self.follow_up(unit, &error).await;
                *escalation = escalation.take().or(followed);
                Err(OperationError::Failed { plugin, error })
            }
        }
    }

    fn find(&self, plugin: &str) -> Result<Range<usize>, OperationError> {
        let unknown = || OperationError::Unknown {
            plugin: plugin.to_owned(),
            known: self.kernel.plugins().map(|plugin| plugin.name).collect(),
        };
        self.kernel.find(plugin).ok_or_else(unknown)
    }

    pub(super) fn names(&self, units: &[usize]) -> Vec<&'static str> {
        units
            .iter()
            .map(|&unit| self.kernel.units[unit].name())
            .collect()
    }
}
