//! Handlers whose calls cross a process boundary: the handlers of an instance that runs elsewhere,
//! and the methods of this process that its host calls.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::binder::{Binder, BindingRole, Home};
use super::declared::Subscription;
use super::interest::Interest;
use crate::boxed::PluginRef;
use crate::context::{Identity, Meta};
use crate::error::{DecodeError, Error, Result};
use crate::event::bus::Bus;
use crate::event::descriptor::erased;
use crate::event::handler::caller::{self, Callee, Caller, EventBatch};
use crate::event::payload::{Envelope, Payload, Untyped};
use crate::event::port::{self, HandlerName, Port};
use crate::event::queue::handler::QueuedCall;
use crate::event::queue::mailbox::Mailbox;
use crate::event::routing::bound::AnyHandler;
use crate::event::uplink::Uplink;

impl Binder<'_> {
    /// Whether the calls of the bound method cross a process boundary.
    pub(super) fn is_called_from_outside(&self, plugin: &PluginRef) -> bool {
        matches!(self.role, BindingRole::Outside(_)) || port::of(plugin).is_some()
    }

    /// How a method is called: in the process of its plugin, or here.
    pub(super) fn call_of<C: FnOnce(Duration) -> QueuedCall>(
        &self,
        plugin: &PluginRef,
        is_batch: bool,
        here: C,
    ) -> impl FnOnce(Duration) -> QueuedCall + use<C> {
        let elsewhere = port::of(plugin).map(|port| (port, self.name()));
        move |limit| match elsewhere {
            Some((port, name)) if is_batch => batch_elsewhere(limit, port, name),
            Some((port, name)) => one_elsewhere(limit, port, name),
            None => here(limit),
        }
    }

    fn name(&self) -> HandlerName {
        HandlerName {
            handler: self.interest.handler,
            topic: self.interest.topic.clone(),
        }
    }
}

fn one_elsewhere(limit: Duration, port: Arc<dyn Port>, name: HandlerName) -> QueuedCall {
    QueuedCall::one(limit, move |callee| {
        let (port, name) = (Arc::clone(&port), name.clone());
        caller::owning(callee, move |event| {
            Arc::clone(&port).deliver(&name, vec![Arc::clone(event)])
        })
    })
}

fn batch_elsewhere(limit: Duration, port: Arc<dyn Port>, name: HandlerName) -> QueuedCall {
    QueuedCall::batch(limit, move |callee| {
        let (port, name) = (Arc::clone(&port), name.clone());
        caller::owning_all(callee, move |events| {
            Arc::clone(&port).deliver(&name, events)
        })
    })
}

/// A method of this process that its host calls.
pub(crate) struct OutsideHandler {
    pub(crate) name: HandlerName,
    call: QueuedCall,
    owner: Arc<Identity>,
    worker: usize,
}

impl OutsideHandler {
    /// The methods of an instance that take events.
    pub(crate) fn bind(
        bus: &Bus,
        owner: &Arc<Identity>,
        mailbox: &Arc<Mailbox>,
        (plugin, subscriptions): (&PluginRef, &[Subscription]),
    ) -> Vec<Self> {
        let limit = Duration::MAX;
        let home = Home {
            owner,
            mailbox,
            limit,
        };
        let bind = |subscription: &Subscription| {
            let (handler, topic) = (subscription.handler, subscription.source.topic());
            let interest = Interest::declared(bus, handler, topic, subscription.options);
            let mut binder = Binder::new(bus, home, interest);
            binder.role = BindingRole::Outside(None);
            (subscription.bind)(plugin, &mut binder);
            let name = binder.name();
            let BindingRole::Outside(Some(call)) = binder.role else {
                return None;
            };
            Some(Self {
                name,
                call,
                owner: Arc::clone(owner),
                worker: mailbox.uid(),
            })
        };
        subscriptions.iter().filter_map(bind).collect()
    }

    /// Calls it with the events of one call. A panic becomes an error of that call.
    pub(crate) fn call(&self, events: Vec<Arc<dyn Payload>>) -> OutsideCall {
        let callee = Callee {
            owner: Arc::clone(&self.owner),
            worker: self.worker,
        };
        OutsideCall {
            caller: self.call.caller(callee),
            events,
            has_begun: false,
        }
    }
}

/// A call of a method for the host. If it is dropped, the future of the method is dropped.
pub(crate) struct OutsideCall {
    caller: Pin<Box<dyn Caller>>,
    events: Vec<Arc<dyn Payload>>,
    has_begun: bool,
}

impl EventBatch for Vec<Arc<dyn Payload>> {
    fn all(&self) -> Vec<Arc<dyn Payload>> {
        self.clone()
    }
}

impl Future for OutsideCall {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        if std::mem::replace(&mut this.has_begun, true) {
            return this.caller.as_mut().poll(context);
        }
        let Some(first) = this.events.first() else {
            return Poll::Ready(Err(Error::bug("a call without an event")));
        };
        this.caller.as_mut().call(first, &this.events, context)
    }
}

impl Drop for OutsideCall {
    fn drop(&mut self) {
        if let Err(error) = self.caller.as_mut().give_up() {
            tracing::error!("a future that was given up {error}");
        }
    }
}

/// Sends all events of this process to its host.
pub(crate) fn bind_uplink(
    bus: &Bus,
    owner: &Arc<Identity>,
    mailbox: &Arc<Mailbox>,
    uplink: &Arc<dyn Uplink>,
) {
    let limit = Duration::MAX;
    let home = Home {
        owner,
        mailbox,
        limit,
    };
    let mut binder = Binder::new(bus, home, Interest::at_run_time(bus, "**"));
    binder.role = BindingRole::Uplink(Arc::clone(uplink));
    // No event enters its mailbox.
    let call = QueuedCall::one(limit, |callee| {
        caller::owning(callee, |_| std::future::ready(Ok(())))
    });
    let handler = binder.queued_handler(call);
    let filter = None;
    binder.add_any(AnyHandler::Queued { handler, filter });
    bus.set_uplink(uplink);
    drop(bus.change(binder.bound.changes));
}

/// Reads an event that came from the host, or that goes to a handler there.
pub(crate) fn read_event(
    bus: &Bus,
    topic: &str,
    json: &str,
    meta: Meta,
) -> Result<Arc<dyn Payload>, DecodeError> {
    if let Some(event) = bus.event(topic) {
        return (event.decode)(json.as_bytes()).map(|event| event.carry(meta));
    }
    let data = erased::read(json.as_bytes());
    let data = data.map_err(|error| DecodeError::new(topic.to_owned(), error))?;
    let topic = topic.to_owned();
    Ok(Arc::new(Envelope::new(meta, Untyped { topic, data })))
}
