//! The responders of an instance: opened when the instance runs, closed when it stops.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Request;
use super::declared::Respond;
use super::responder::{AnswerCall, AnswerScope, Responder};
use super::route::RequestRoute;
use crate::boxed::{BoxFuture, PluginRef, PluginType};
use crate::context::Identity;
use crate::error::Result;
use crate::event::bus::Bus;
use crate::event::bus::requests::AnyRequestRoute;
use crate::event::handler::{HandlerCore, Subscribed};
use crate::event::payload::Envelope;
use crate::options::SubscribeOptions;

/// The responders of one instance, open until they are closed.
#[derive(Debug)]
pub(crate) struct Reception {
    scope: AnswerScope,
    routes: Vec<(Arc<dyn AnyRequestRoute>, Arc<Semaphore>)>,
    owner: Arc<Identity>,
}

/// Opens the responders of an instance: `#[plugin]` generates one call for each `#[respond]`.
#[derive(Debug)]
pub struct ResponderBinder<'a> {
    bus: &'a Bus,
    reception: Reception,
    limit: Duration,
    respond: Respond,
}

impl Reception {
    /// Opens a responder for each `#[respond]` of a plugin. `limit` is the time limit of its calls.
    pub(crate) fn open(
        bus: &Bus,
        owner: &Arc<Identity>,
        limit: Duration,
        (plugin, responds): (&PluginRef, &'static [Respond]),
    ) -> Self {
        let mut reception = Self {
            scope: AnswerScope::default(),
            routes: Vec::new(),
            owner: Arc::clone(owner),
        };
        for respond in responds {
            let mut binder = ResponderBinder {
                bus,
                reception,
                limit: respond.options.timeout.unwrap_or(limit),
                respond: *respond,
            };
            (respond.bind)(plugin, &mut binder);
            reception = binder.reception;
        }
        reception
    }

    /// Accepts no more requests. Requests that wait for room get an error.
    pub(crate) fn close(&self) {
        for (route, _) in &self.routes {
            route.withdraw(&self.owner);
        }
        self.scope.answers.close();
        self.routes.iter().for_each(|(_, room)| room.close());
    }

    /// Waits until all accepted requests are answered.
    pub(crate) async fn answered(&self) {
        self.scope.answers.wait().await;
    }

    /// Gives up the requests that are not answered, and returns their number.
    pub(crate) fn abandon(&self) -> usize {
        self.scope.kill.cancel();
        self.scope.answers.len()
    }
}

impl ResponderBinder<'_> {
    /// A `fn` that takes a request.
    pub fn inline<T: PluginType, Q: Request>(
        &mut self,
        plugin: &PluginRef,
        call: fn(&T, &Envelope<Q>) -> Result<Q::Answer>,
    ) {
        let plugin = crate::boxed::downcast::<T>(Arc::clone(plugin));
        self.open(AnswerCall::Inline(Box::new(move |request| {
            call(&plugin, request)
        })));
    }

    /// An `async fn` that takes a request.
    pub fn spawned<T: PluginType, Q: Request>(
        &mut self,
        plugin: &PluginRef,
        call: fn(Arc<T>, Arc<Envelope<Q>>) -> BoxFuture<'static, Result<Q::Answer>>,
    ) {
        let plugin = crate::boxed::downcast::<T>(Arc::clone(plugin));
        self.open(AnswerCall::Spawned(Box::new(move |request| {
            call(Arc::clone(&plugin), request)
        })));
    }

    fn open<Q: Request>(&mut self, call: AnswerCall<Q>) {
        let route = RequestRoute::<Q>::of(self.bus, self.reception.owner.id().label);
        let room = match call {
            AnswerCall::Inline(_) => Semaphore::MAX_PERMITS,
            AnswerCall::Spawned(_) => self.respond.options.concurrency,
        };
        let room = Arc::new(Semaphore::new(room));
        route.open(&Arc::new(Responder {
            core: self.core(),
            limit: self.limit,
            room: Arc::clone(&room),
            scope: self.reception.scope.clone(),
            call,
        }));
        self.reception.routes.push((route, room));
    }

    fn core(&self) -> HandlerCore {
        let options = SubscribeOptions {
            timeout: self.respond.options.timeout,
            ..SubscribeOptions::DEFAULT
        };
        HandlerCore::new(
            &self.reception.owner,
            (self.respond.handler, self.respond.request.topic),
            options,
            Subscribed::declared(self.bus.next_subscription()),
            self.bus.letters().clone(),
        )
    }
}
