//! One that blocks the thread it is called on.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use plugin_core::Plugin;
use plugin_core::prelude::*;

use super::{beside, publish, report, witnessed};
use crate::rig::status;

#[event("misbehaving.block")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Block;

/// What a blocking call waits for.
#[service]
trait Gate {
    fn set(&self, gate: Arc<Mutex<Receiver<()>>>, entered: std::sync::mpsc::Sender<()>);
}

type Gates = Option<(Arc<Mutex<Receiver<()>>>, std::sync::mpsc::Sender<()>)>;

#[derive(Default)]
struct Blocking(Mutex<Gates>);

#[plugin(name = "misbehaving-blocking", provides(Gate))]
impl Blocking {
    #[init]
    fn init() -> Self {
        Self::default()
    }

    #[subscribe]
    fn wait(&self, _block: &Block) {
        let gates = self.0.lock().unwrap().clone();
        let (gate, entered) = gates.unwrap();
        entered.send(()).unwrap();
        gate.lock().unwrap().recv().unwrap();
    }
}

#[service]
impl Gate for Blocking {
    fn set(&self, gate: Arc<Mutex<Receiver<()>>>, entered: std::sync::mpsc::Sender<()>) {
        *self.0.lock().unwrap() = Some((gate, entered));
    }
}

/// An inline handler runs on its publisher's thread: it holds that one up, and no other. A stop
/// says that it was late, and goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn it_holds_up_its_publisher_and_no_other() {
    let rig = beside(Blocking::DESCRIPTOR).set("misbehaving-blocking", "timeout", "100ms");
    let running = rig.start().await;
    let (open, gate) = channel();
    let (entered, entering) = channel();
    let blocking = running.service::<dyn Gate>().unwrap();
    blocking.set(Arc::new(Mutex::new(gate)), entered);
    let blocks = running.publisher();
    let mut held = tokio::task::JoinSet::new();
    held.spawn(async move { blocks.publish(Block).await });
    tokio::task::block_in_place(|| entering.recv().unwrap());

    publish(&running, 1_000).await;
    witnessed(&running, 1_000).await;
    assert_eq!(report(&running, "misbehaving-blocking", "wait").received, 1);

    let manager = running.handle();
    manager.stop("misbehaving-blocking").await.unwrap();
    assert_eq!(status(&running, "misbehaving-blocking").events.received, 1);
    assert!(held.try_join_next().is_none(), "it blocks all the same");
    open.send(()).unwrap();
    held.join_next().await.unwrap().unwrap().unwrap();
    assert!(running.stop().await.is_clean());
}
