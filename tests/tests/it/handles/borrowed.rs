//! A call borrows its provider: it stays as long as the call, however that ends, and no longer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, mpsc};

use plugin_core::Plugin;
use plugin_core::prelude::*;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::rig::{Rig, Started};

type Bell = UnboundedSender<()>;

/// Rings when its provider is dropped.
#[service]
trait Belled {
    fn hang(&self, bell: Bell);

    /// Whether this life of the provider has a bell.
    fn has_bell(&self) -> bool;

    /// Says that it is there, waits to be let go, then says whether it has a bell.
    fn hold(&self, hold: Hold) -> bool;

    fn panics(&self);

    /// Waits for a permit, then says whether it has a bell.
    async fn wait(&self, gate: &Semaphore) -> bool;
}

struct Hold {
    handle: Service<dyn Belled>,
    /// Calls within each other.
    deep: u32,
    there: Bell,
    go: mpsc::Receiver<()>,
}

#[derive(Default)]
struct Tower {
    bell: Mutex<Option<Bell>>,
}

#[plugin(name = "handles-tower", provides(Belled))]
impl Tower {
    #[init]
    fn init() -> Self {
        Self::default()
    }
}

#[service]
impl Belled for Tower {
    fn hang(&self, bell: Bell) {
        *self.bell.lock().unwrap() = Some(bell);
    }

    fn has_bell(&self) -> bool {
        self.bell.lock().unwrap().is_some()
    }

    fn hold(&self, mut hold: Hold) -> bool {
        if hold.deep > 1 {
            hold.deep -= 1;
            return hold.handle.clone().hold(hold);
        }
        hold.there.send(()).unwrap();
        hold.go.recv().unwrap();
        self.has_bell()
    }

    fn panics(&self) {
        panic!("it is said so");
    }

    async fn wait(&self, gate: &Semaphore) -> bool {
        gate.acquire().await.unwrap().forget();
        self.has_bell()
    }
}

impl Drop for Tower {
    fn drop(&mut self) {
        if let Some(bell) = self.bell.get_mut().unwrap() {
            bell.send(()).unwrap();
        }
    }
}

async fn belled() -> (Started, Service<dyn Belled>, UnboundedReceiver<()>) {
    let running = Rig::new(&[Tower::DESCRIPTOR]).start().await;
    let belled = running.service::<dyn Belled>().unwrap();
    let (bell, heard) = unbounded_channel();
    belled.hang(bell);
    (running, belled, heard)
}

async fn held_while_its_provider_restarts(deep: u32) {
    let (running, belled, mut heard) = belled().await;
    let ((there, mut is_there), (go, wait)) = (unbounded_channel(), mpsc::channel());
    let hold = Hold {
        handle: belled.clone(),
        deep,
        there,
        go: wait,
    };
    let handle = belled.clone();
    let call = std::thread::spawn(move || handle.hold(hold));
    is_there.recv().await.unwrap();
    running.handle().restart("handles-tower").await.unwrap();
    assert!(!belled.has_bell(), "the new one is called");
    assert!(heard.try_recv().is_err(), "the old one is there");
    go.send(()).unwrap();
    assert!(call.join().unwrap(), "its call has seen nothing of that");
    heard.recv().await.expect("it is dropped after its call");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_keeps_the_provider_that_it_began_with() {
    held_while_its_provider_restarts(1).await;
}

/// So many that the mark of the thread would run over.
#[tokio::test(start_paused = true)]
async fn a_deep_nest_of_calls_keeps_its_provider_too() {
    held_while_its_provider_restarts(256).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_panics_is_over() {
    let (running, belled, mut heard) = belled().await;
    assert!(catch_unwind(AssertUnwindSafe(|| belled.panics())).is_err());
    running.handle().restart("handles-tower").await.unwrap();
    heard.recv().await.expect("the old one is dropped");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_future_keeps_its_provider_until_it_is_dropped() {
    let (running, belled, mut heard) = belled().await;
    let gate = Semaphore::new(0);
    let mut given_up = belled.wait(&gate);
    tokio::select! {
        biased;
        _ = &mut given_up => panic!("there is no permit"),
        () = std::future::ready(()) => {}
    }
    let waits = belled.wait(&gate);
    running.handle().restart("handles-tower").await.unwrap();
    drop(given_up);
    assert!(heard.try_recv().is_err(), "the other one is there");
    gate.add_permits(1);
    assert!(waits.await, "it is the old one's");
    heard.recv().await.expect("it is dropped after its calls");
    running.stop().await;
}
