//! A call of a `fn` borrows its provider: it stays as long as the call, however that ends, and no
//! longer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, mpsc};

use plugin_core::Plugin;
use plugin_core::prelude::*;
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
    fn hold(&self, there: Bell, go: mpsc::Receiver<()>) -> bool;

    fn panics(&self);

    /// Calls itself through the handle.
    fn nest(&self, handle: &Service<dyn Belled>, times: u32) -> u32;
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

impl Belled for Tower {
    fn hang(&self, bell: Bell) {
        *self.bell.lock().unwrap() = Some(bell);
    }

    fn has_bell(&self) -> bool {
        self.bell.lock().unwrap().is_some()
    }

    fn hold(&self, there: Bell, go: mpsc::Receiver<()>) -> bool {
        there.send(()).unwrap();
        go.recv().unwrap();
        self.has_bell()
    }

    fn panics(&self) {
        panic!("it is said so");
    }

    fn nest(&self, handle: &Service<dyn Belled>, times: u32) -> u32 {
        if times == 0 {
            return 0;
        }
        handle.nest(handle, times - 1) + 1
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

#[tokio::test(start_paused = true)]
async fn a_call_keeps_the_provider_that_it_began_with() {
    let (running, belled, mut heard) = belled().await;
    let ((there, mut is_there), (go, wait)) = (unbounded_channel(), mpsc::channel());
    let handle = belled.clone();
    let call = std::thread::spawn(move || handle.hold(there, wait));
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
async fn neither_a_panic_nor_a_deep_nest_of_calls_keeps_a_provider() {
    let (running, belled, mut heard) = belled().await;
    assert!(catch_unwind(AssertUnwindSafe(|| belled.panics())).is_err());
    assert_eq!(belled.nest(&belled, 300), 300, "deeper than is counted");
    running.handle().restart("handles-tower").await.unwrap();
    heard.recv().await.expect("the old one is dropped");
    running.stop().await;
}
