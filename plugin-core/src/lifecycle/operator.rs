//! The handle for plugins through which operators control the running system.
//!
//! Invariant: the code of a plugin never waits for an operation that waits for this plugin. The
//! supervisor waits for the code of a plugin that it starts or stops, so that code must not wait
//! for the supervisor. Therefore a plugin may request operations only while it runs, and it stops
//! waiting for an operation when the plugin's own stop begins.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::dead_letters::DeadLetterOperations;
use super::instance::Instance;
use super::kernel::Kernel;
use super::operation::{Actor, Operation, OperationError, OperationOutcome};
use super::state::State;
use super::status::StatusEntry;
use super::system::System;
use crate::audit::Outcome;
use crate::context;
use crate::error::{PublishError, Result};
use crate::event::Publishers;
#[expect(unused_imports, reason = "the documentation names it")]
use crate::event::Received;
use crate::init::{Arity, InitContext, InitParam, Need};

/// Controls the running system: starts, stops and restarts plugins, and pauses, resumes, runs and
/// cancels schedules. It is cheap to clone, and it does not keep the system alive.
///
/// A plugin needs the right `system` with the action `operate`; without it, `Option<Operator>` is
/// `None`. [`System`](super::System) shows what can be controlled.
///
/// # Example
///
/// ```
/// use plugin_core::lifecycle::{Operation, OperationError, Operator};
///
/// async fn renew(operator: &Operator, user: &str) -> Result<(), OperationError> {
///     let plugin = "cache-plugin".to_owned();
///     operator.on_behalf_of(user).operate(Operation::Restart { plugin }).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Operator {
    kernel: Weak<Kernel>,
    actor: Actor,
}

/// The state of an operation that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operated {
    /// The operation is complete.
    Done(Box<OperationOutcome>),
    /// The operation stops the plugin that requested it, or waits for an operation that does. It
    /// will be carried out, unless the system stops before. The audit log contains its result.
    Accepted,
}

impl Operator {
    pub(super) fn new(kernel: Weak<Kernel>, plugin: &'static str) -> Self {
        let actor = Actor {
            name: plugin,
            user: None,
            address: None,
        };
        Self { kernel, actor }
    }

    /// The operator for the instance of this context.
    fn of(context: &InitContext<'_>) -> Result<Self> {
        let system = System::of(context)?;
        Ok(Self::new(system.weak().clone(), context.identity.name()))
    }

    /// The same operator, on behalf of a user. The audit log names the plugin and the user.
    #[must_use]
    pub fn on_behalf_of(&self, user: &str) -> Self {
        let mut operator = self.clone();
        operator.actor.user = Some(user.into());
        operator
    }

    /// The same operator, with the address of the user, which the audit log contains as well.
    #[must_use]
    pub fn from_address(&self, address: &str) -> Self {
        let mut operator = self.clone();
        operator.actor.address = Some(address.into());
        operator
    }

    /// Requests an operation and waits until it is complete. Operations that touch the same
    /// plugins, or plugins that these need, are carried out one after the other, in the order of
    /// the requests. No operation begins before the system has started.
    ///
    /// A plugin may stop or restart itself, or a plugin that it needs. Then it gets the answer
    /// [`Operated::Accepted`] when its own stop begins, so that the stop does not wait for it.
    ///
    /// # Errors
    ///
    /// Returns an error if the operation was not carried out. An operation other than a dry run is
    /// not carried out while the audit log can't be written. The errors also include the case that the
    /// requesting plugin does not run: its hooks, and the tasks that it spawns before `start` is
    /// complete, can't control the system.
    ///
    /// # Cancel safety
    ///
    /// Once the operation is sent, it is carried out even if this future is dropped.
    pub async fn operate(&self, operation: Operation) -> Result<Operated, OperationError> {
        let kernel = self.kernel.upgrade().ok_or(OperationError::Stopping)?;
        if !matches!(operation, Operation::Plan(_))
            && let Err(reason) = kernel.check_audit().await
        {
            let error = OperationError::NotRecorded(reason);
            kernel.audit_operation(&operation, &self.actor, Err(&error));
            return Err(error);
        }
        let askers = self.askers(&kernel);
        let mut leave = pin!(askers.leave());
        let sent = tokio::select! {
            biased;
            error = &mut leave => Err(error),
            sent = kernel.submit(operation.clone(), self.actor.clone()) => sent,
        };
        let answered = match sent {
            Ok(answered) => answered,
            Err(error) => {
                kernel.audit_operation(&operation, &self.actor, Err(&error));
                return Err(error);
            }
        };
        tokio::select! {
            biased;
            answer = answered => {
                let outcome = answer.unwrap_or(Err(OperationError::Stopping))?;
                Ok(Operated::Done(Box::new(outcome)))
            }
            _ = &mut leave => Ok(Operated::Accepted),
        }
    }

    /// Publishes an event that is given as JSON, by its topic, with the program itself as the
    /// publisher, like [`Received::publish_stored`]. The audit log contains who did it.
    ///
    /// # Errors
    ///
    /// Returns an error if the JSON is not a valid event of the topic, or if no handler got it.
    ///
    /// # Cancel safety
    ///
    /// As [`Received::publish_stored`]. If this future is dropped, the audit log does not contain
    /// the action.
    pub async fn publish(
        &self,
        topic: &str,
        json: &[u8],
        within: Duration,
    ) -> Result<(), PublishError> {
        let kernel = self.kernel.upgrade().ok_or(PublishError::Stopping)?;
        (kernel.check_audit().await).map_err(|reason| PublishError::NotRecorded { reason })?;
        let publishers = Publishers::new(&kernel.bus, &kernel.host);
        let published = match publishers.receive(topic, json) {
            Ok(event) => event.publish_stored(None, within).await,
            Err(error) => Err(error),
        };
        let (outcome, detail) = match &published {
            Ok(()) => (Outcome::Done, topic.to_owned()),
            Err(error) => (Outcome::Denied, format!("{topic}: {error}")),
        };
        let entry = self.actor.entry("events.publish", outcome);
        kernel.audit.record(entry.detail(detail));
        published
    }

    /// The operations on dead letters, which the audit log records with the user. `None` if the
    /// system has ended. The returned value keeps the system alive, so use it for one request only.
    #[must_use]
    pub fn dead_letters(&self) -> Option<DeadLetterOperations> {
        let kernel = self.kernel.upgrade()?;
        Some(DeadLetterOperations::new(kernel, self.actor.clone()))
    }

    fn askers(&self, kernel: &Kernel) -> Askers {
        let instances = kernel.instances();
        let named = |name: &str| instances.find(name).first().cloned();
        Askers {
            holder: named(self.actor.name),
            current: context::current().and_then(|current| named(current.plugin)),
        }
    }
}

/// The plugins that a stop would have to wait for.
struct Askers {
    /// The plugin that owns the operator.
    holder: Option<Arc<Instance>>,
    /// The plugin whose code makes the request. A service runs on the task of the plugin that calls
    /// it.
    current: Option<Arc<Instance>>,
}

impl Askers {
    /// Completes when one of them does not run, or does not run any more.
    async fn leave(&self) -> OperationError {
        tokio::select! {
            error = leaves(self.holder.as_deref()) => error,
            error = leaves(self.current.as_deref()) => error,
        }
    }
}

async fn leaves(instance: Option<&Instance>) -> OperationError {
    let Some(instance) = instance else {
        return std::future::pending().await;
    };
    let life = instance.life();
    let is_over = |entry: &StatusEntry| entry.state != State::Running || instance.life() != life;
    instance.board.until(is_over).await;
    OperationError::AskerState {
        plugin: instance.name(),
        state: instance.state(),
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator")
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}

impl InitParam for Operator {
    const NEED: Need = Need::Operate { arity: Arity::One };

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        context.grants().operate_system()?;
        Self::of(context)
    }
}

impl InitParam for Option<Operator> {
    const NEED: Need = Need::Operate {
        arity: Arity::Optional,
    };

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        if !context.grants().may_operate_system() {
            return Ok(None);
        }
        Operator::of(context).map(Some)
    }
}
