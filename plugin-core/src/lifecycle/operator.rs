//! A hold on the running system, for plugins that an operator reaches it through.
//!
//! Invariant: nobody waits for an operation that waits for them. The supervisor waits for the code
//! of a plugin that it starts or stops, so that code must not wait for the supervisor: it may ask
//! only while its plugin runs, and its waiting ends when its plugin stops to.

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

/// Operates the running system: starts, stops and restarts plugins, and pauses, resumes, runs and
/// cancels schedules. Cheap to clone; it does not keep the system alive.
///
/// A plugin needs the right for it, `system` with the action `operate`; `Option<Operator>` is
/// `None` without. What there is to operate, [`System`](super::System) shows.
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

/// What has become of an operation that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operated {
    /// It is done.
    Done(OperationOutcome),
    /// It stops the plugin that asks, or waits behind something that does. It is carried out, unless
    /// the system stops before; how it ended stands in the audit log.
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

    /// The one of the instance whose context it is.
    fn of(context: &InitContext<'_>) -> Result<Self> {
        let system = System::of(context)?;
        Ok(Self::new(system.weak().clone(), context.identity.name()))
    }

    /// The same, with the name of the user for whom the plugin asks: the audit log has both.
    #[must_use]
    pub fn on_behalf_of(&self, user: &str) -> Self {
        let mut operator = self.clone();
        operator.actor.user = Some(user.into());
        operator
    }

    /// The same, with the address that the user comes from: the audit log has it too.
    #[must_use]
    pub fn from_address(&self, address: &str) -> Self {
        let mut operator = self.clone();
        operator.actor.address = Some(address.into());
        operator
    }

    /// Has an operation carried out, and waits for its end. Operations that touch the same plugins,
    /// or those that they can't be without, are carried out one after the other, in the order in
    /// which they were asked for; none is before the system has started.
    ///
    /// A plugin may stop or restart itself, or what it can't be without. Then it is answered
    /// [`Operated::Accepted`] when its own stop begins, so that the stop does not wait for it.
    ///
    /// # Errors
    ///
    /// When it was not carried out. Also when the plugin that asks does not run: its hooks, and
    /// the tasks that it spawns before `start` is done, can't operate the system.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn operate(&self, operation: Operation) -> Result<Operated, OperationError> {
        let kernel = self.kernel.upgrade().ok_or(OperationError::Stopping)?;
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
            answer = answered => answer.unwrap_or(Err(OperationError::Stopping)).map(Operated::Done),
            _ = &mut leave => Ok(Operated::Accepted),
        }
    }

    /// Publishes an event that came as JSON, by its topic and in the name of the program itself, as
    /// [`Received::publish_stored`]. Who did it stands in the audit log.
    ///
    /// # Errors
    ///
    /// When the JSON is no event of the topic, or nobody got it.
    ///
    /// # Cancel safety
    ///
    /// As [`Received::publish_stored`]; then the audit log does not tell of it.
    pub async fn publish(
        &self,
        topic: &str,
        json: &[u8],
        within: Duration,
    ) -> Result<(), PublishError> {
        let kernel = self.kernel.upgrade().ok_or(PublishError::Stopping)?;
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

    /// What can be done with dead letters; the audit log says for whom it was done. `None` when the
    /// system is gone. It keeps the system alive: it is for one request.
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

/// Whom a stop would have to wait for.
struct Askers {
    /// The plugin that holds the operator.
    holder: Option<Arc<Instance>>,
    /// The one whose code asks: a service runs on the task of the plugin that calls it.
    current: Option<Arc<Instance>>,
}

impl Askers {
    /// Completes when one of them does not run, or no longer.
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
