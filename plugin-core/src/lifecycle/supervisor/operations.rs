//! Carries out what an operator asks for: start, stop, restart of one plugin.

use super::{Escalation, Record, Supervisor};
use crate::lifecycle::operation::{Operation, OperationError, OperationOutcome, Request};
use crate::lifecycle::state::State;
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
                .and_then(|unit| self.kernel.operate_schedule(unit, schedule, *action)),
        };
        self.kernel.audit_operation(&request.operation, &outcome);
        // Whoever asked may have gone; the operation is done all the same.
        drop(request.answer.send(outcome));
        escalation
    }

    async fn start(
        &mut self,
        plugin: &str,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let unit = self.find(plugin)?;
        let this = &self.kernel.units[unit];
        let state = this.board.read().state;
        if state.is_active() {
            return Err(OperationError::State {
                plugin: this.name(),
                state,
            });
        }
        let missing: Vec<_> = (this.needs.iter().copied())
            .filter(|&need| self.kernel.units[need].board.read().state != State::Running)
            .collect();
        if !missing.is_empty() {
            return Err(OperationError::Needs {
                plugin: this.name(),
                missing: self.names(&missing),
            });
        }
        self.records[unit] = Record::default();
        self.launch_for_operator(unit, escalation).await
    }

    async fn stop(
        &mut self,
        plugin: &str,
        cascade: bool,
    ) -> Result<OperationOutcome, OperationError> {
        let unit = self.find(plugin)?;
        let this = &self.kernel.units[unit];
        let mut units = self.kernel.running_dependents(unit);
        if !units.is_empty() && !cascade {
            return Err(OperationError::Needed {
                plugin: this.name(),
                by: self.names(&units),
            });
        }
        // A restart that was planned is off: the operator wants it down.
        let planned = self.records[unit].due.take();
        self.cancel_restarts(unit);
        let this = &self.kernel.units[unit];
        let state = this.board.read().state;
        if state != State::Running {
            return match planned {
                Some(_) => Ok(OperationOutcome {
                    plugins: Vec::new(),
                }),
                None => Err(OperationError::State {
                    plugin: this.name(),
                    state,
                }),
            };
        }
        units.push(unit);
        let stops = stopping::stop_some(&self.kernel, units).await;
        Ok(OperationOutcome {
            plugins: stops.iter().map(|stop| stop.name).collect(),
        })
    }

    async fn restart(
        &mut self,
        plugin: &str,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let unit = self.find(plugin)?;
        if self.kernel.units[unit].board.read().state == State::Running {
            stopping::stop(&self.kernel, unit).await;
            self.records[unit] = Record::default();
            let outcome = self.launch_for_operator(unit, escalation).await;
            if outcome.is_ok() {
                self.count_restart(unit);
            }
            return outcome;
        }
        self.start(plugin, escalation).await
    }

    /// A failure is told to the operator, and followed up like any other.
    async fn launch_for_operator(
        &mut self,
        unit: usize,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let plugin = self.kernel.units[unit].name();
        match self.launch(unit).await {
            Ok(()) => Ok(OperationOutcome {
                plugins: vec![plugin],
            }),
            Err(error) => {
                *escalation = self.follow_up(unit, &error).await;
                Err(OperationError::Failed { plugin, error })
            }
        }
    }

    fn find(&self, plugin: &str) -> Result<usize, OperationError> {
        self.kernel
            .find(plugin)
            .ok_or_else(|| OperationError::Unknown(plugin.to_owned()))
    }

    pub(super) fn names(&self, units: &[usize]) -> Vec<&'static str> {
        units
            .iter()
            .map(|&unit| self.kernel.units[unit].name())
            .collect()
    }
}
