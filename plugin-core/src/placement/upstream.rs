//! The calls that an instance in a process of its own makes to its host: publish, request, call a
//! service, log.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::connection::FrameService;
use super::served::ServedServices;
use super::wire::{
    WireAnswer, WireAsks, WireCall, WireLine, WireNote, WirePublication, WirePublishError,
    WireRequest, WireRequestError,
};
use crate::boxed::BoxFuture;
use crate::context::{Current, EventId, Frame, Identity, Lineage, within};
use crate::descriptor::Descriptor;
use crate::error::{Error, PublishError, RequestError};
use crate::event::{Bus, ask_for, publish_for};
use crate::guard;
use crate::init::Need;
use crate::instance_name::interned;
use crate::traceparent::TraceContext;

/// Number of signs of life that a process sends in the time in which one is required.
pub(super) const BEATS: u32 = 4;

/// The calls that an instance in a process of its own makes to its host. Its rights are checked
/// again here, because its own process is not trusted.
pub(super) struct Upstream {
    bus: Bus,
    owner: Arc<Identity>,
    plugin: &'static Descriptor,
    /// The services that it may call.
    services: ServedServices,
    /// Events that wait for earlier ones.
    lane: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
    in_lane: Arc<AtomicUsize>,
    /// The failures of the plugin's tasks.
    failed: mpsc::UnboundedSender<Error>,
    panicked: Mutex<Option<String>>,
    /// The time of the last sign of life of its process; `None` before the first one.
    beat: watch::Sender<Option<Instant>>,
}

impl Upstream {
    pub(super) fn new(
        bus: &Bus,
        (owner, plugin): (&Arc<Identity>, &'static Descriptor),
        services: ServedServices,
        failed: mpsc::UnboundedSender<Error>,
    ) -> Self {
        let (lane, mut events) = mpsc::unbounded_channel::<BoxFuture<'static, ()>>();
        drop(crate::spawn::spawn(async move {
            while let Some(event) = events.recv().await {
                event.await;
            }
        }));
        Self {
            bus: bus.clone(),
            owner: Arc::clone(owner),
            plugin,
            services,
            lane,
            in_lane: Arc::default(),
            failed,
            panicked: Mutex::default(),
            beat: watch::Sender::new(None),
        }
    }

    /// The place where its code panicked last.
    pub(super) fn panicked(&self) -> Option<String> {
        let panicked = self.panicked.lock();
        panicked.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until its process has given no sign of life for this long.
    pub(super) async fn silent(&self, limit: Duration) {
        // An error means that the sender is gone.
        drop(self.beat.subscribe().wait_for(Option::is_some).await);
        loop {
            let last = (*self.beat.borrow()).unwrap_or_else(Instant::now);
            tokio::time::sleep_until(last + limit - limit / BEATS).await;
            if *self.beat.borrow() != Some(last) {
                continue;
            }
            // If this process itself was suspended, there may be signs of life that it has not
            // received yet.
            tokio::time::sleep(limit / BEATS).await;
            if *self.beat.borrow() == Some(last) {
                return;
            }
        }
    }

    /// The context of what its code does in a trace.
    fn current(&self, parent: Option<&str>) -> Current {
        let parent = parent.and_then(|text| TraceContext::from_stored(text).ok());
        Current {
            lineage: parent.map_or(Lineage::None, Lineage::Span),
            ..self.owner.current()
        }
    }

    /// Events are published in the order in which they arrive, unless their publisher waited for
    /// one before it published the next.
    fn publish(&self, event: WirePublication) -> BoxFuture<'static, WireAnswer> {
        let mut declared = self.plugin.publishes();
        if !declared.any(|declared| declared.topic == event.topic) {
            return Box::pin(async { WireAnswer::NotPublished(WirePublishError::Denied) });
        }
        let (bus, owner) = (self.bus.clone(), Arc::clone(&self.owner));
        let current = Current {
            worker: event.in_handler.then(|| self.owner.uid()),
            ..self.current(event.parent.as_deref())
        };
        let asks = event.asks;
        let published = async move {
            let publishing = Box::pin(async move {
                let event = (&*event.topic, &*event.data);
                Ok(publish_for(&bus, &owner, event, asks.asks()).await)
            });
            let published = guard::unlimited(current, publishing).await;
            match published.unwrap_or(Err(PublishError::Stopping)) {
                Ok(outcomes) => {
                    WireAnswer::Published(outcomes.into_iter().map(Into::into).collect())
                }
                Err(error) => WireAnswer::NotPublished(error.into()),
            }
        };
        if asks != WireAsks::Nothing && self.in_lane.load(SeqCst) == 0 {
            return Box::pin(published);
        }
        let (answer, answered) = oneshot::channel();
        let in_lane = Arc::clone(&self.in_lane);
        in_lane.fetch_add(1, SeqCst);
        // The queue exists as long as this.
        drop(self.lane.send(Box::pin(async move {
            // The waiting caller may be gone; the event is published nevertheless.
            drop(answer.send(published.await));
            in_lane.fetch_sub(1, SeqCst);
        })));
        Box::pin(async move {
            let stopping = WireAnswer::NotPublished(WirePublishError::Stopping);
            answered.await.unwrap_or(stopping)
        })
    }

    fn ask(&self, request: WireRequest) -> BoxFuture<'static, WireAnswer> {
        let is_declared = (self.plugin.needs.iter()).any(|need| {
            matches!(need, Need::Request { request: declared, .. } if declared.topic == request.topic)
        });
        if !is_declared {
            return Box::pin(async { WireAnswer::NotAnswered(WireRequestError::Denied) });
        }
        let (bus, owner) = (self.bus.clone(), Arc::clone(&self.owner));
        let current = self.current(request.parent.as_deref());
        let asking = Box::pin(async move {
            let to = (interned(&request.label), request.limit);
            Ok(ask_for(&bus, &owner, (&request.topic, &request.data), to).await)
        });
        Box::pin(async move {
            let asked = guard::unlimited(current, asking).await;
            match asked.unwrap_or(Err(RequestError::Stopping)) {
                Ok(answer) => WireAnswer::Value(answer),
                Err(error) => WireAnswer::NotAnswered(error.into()),
            }
        })
    }

    fn log(&self, line: &WireLine) {
        let current = Current {
            event: line.event.map(EventId::of_number),
            ..self.current(line.parent.as_deref())
        };
        let text = &line.text;
        within(&Frame::plugin(current), || match line.level {
            1 => tracing::error!("{text}"),
            2 => tracing::warn!("{text}"),
            3 => tracing::info!("{text}"),
            4 => tracing::debug!("{text}"),
            _ => tracing::trace!("{text}"),
        });
    }
}

impl FrameService for Upstream {
    fn call(self: Arc<Self>, call: WireCall) -> BoxFuture<'static, WireAnswer> {
        match call {
            WireCall::Publish(event) => self.publish(event),
            WireCall::Ask(request) => self.ask(request),
            WireCall::Serve(call) => {
                let current = self.current(call.parent.as_deref());
                self.services.serve(call, current)
            }
            _ => Box::pin(async { WireAnswer::Failed(Error::bug("a host is not asked for that")) }),
        }
    }

    fn hear(&self, note: WireNote) {
        match note {
            WireNote::Log(line) => self.log(&line),
            WireNote::TaskFailed { task, error } => {
                let error = error.context(format_args!("task `{task}`"));
                // The failure is not needed any more.
                drop(self.failed.send(error));
            }
            WireNote::Panicked(place) => {
                let panicked = self.panicked.lock();
                *panicked.unwrap_or_else(PoisonError::into_inner) = Some(place);
            }
            WireNote::Beat => {
                self.beat.send_replace(Some(Instant::now()));
            }
            WireNote::Leave => {}
        }
    }
}
