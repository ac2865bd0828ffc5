//! The events of one type that a system published, as the owner hears them.

use std::sync::{Arc, Mutex};

use plugin_core::event::SubscriptionHandle;
use plugin_core::lifecycle::Running;
use plugin_core::prelude::*;

/// Collects events until it is dropped.
pub(crate) struct Heard<E> {
    events: Arc<Mutex<Vec<E>>>,
    told: Arc<tokio::sync::Notify>,
    _subscription: SubscriptionHandle,
}

impl<E: Event + Clone> Heard<E> {
    pub(crate) fn on(running: &Running) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::new(tokio::sync::Notify::new());
        let (sink, tell) = (Arc::clone(&events), Arc::clone(&told));
        let subscription = running.subscriber().subscribe(move |event: &Envelope<E>| {
            sink.lock().unwrap().push(event.event().clone());
            tell.notify_one();
        });
        Self {
            events,
            told,
            _subscription: subscription.unwrap(),
        }
    }

    /// What was heard since the last time.
    pub(crate) fn take(&self) -> Vec<E> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }

    /// Waits for the next event.
    pub(crate) async fn next(&self) -> E {
        loop {
            if let Some(event) = self.pop() {
                return event;
            }
            self.told.notified().await;
        }
    }

    fn pop(&self) -> Option<E> {
        let mut events = self.events.lock().unwrap();
        (!events.is_empty()).then(|| events.remove(0))
    }
}
