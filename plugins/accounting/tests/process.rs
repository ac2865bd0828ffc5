//! What is on the accounts and on nobody's is what the process takes, within 5 %. A process of its
//! own: other tests would take memory and time beside it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::time::{Duration, Instant};

use plugin_accounting::BillingAllocator;
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};

#[global_allocator]
static ALLOCATOR: BillingAllocator = BillingAllocator;

/// So many bytes are to be kept, and so much time is to be taken.
#[event("process.work")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Work {
    bytes: usize,
    millis: u64,
}

/// Keeps a processor busy, with many turns for others.
async fn spin(time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until {
        (0..10_000).for_each(|turn| _ = std::hint::black_box(turn));
        tokio::task::yield_now().await;
    }
}

macro_rules! worker {
    ($type:ident, $name:literal, $factor:literal) => {
        struct $type(Mutex<Vec<Vec<u8>>>);

        #[plugin(name = $name)]
        impl $type {
            #[init]
            fn init() -> Self {
                Self(Mutex::default())
            }

            #[subscribe]
            async fn work(&self, event: &Work) {
                let blocks = event.bytes * $factor / 4096;
                *self.0.lock().unwrap() = (0..blocks).map(|_| vec![1; 4096]).collect();
                spin(Duration::from_millis(event.millis * $factor)).await;
            }
        }
    };
}

worker!(One, "one", 1);
worker!(Two, "two", 2);

struct Figures {
    cpu: [Duration; 3],
    memory: [u64; 3],
}

fn figures(running: &Running) -> Figures {
    let status = running.status();
    let [one, two] = &status.plugins[..] else {
        panic!("two plugins");
    };
    Figures {
        cpu: [status.process.cpu.unwrap(), one.cpu, two.cpu],
        memory: [
            status.process.memory.unwrap(),
            one.memory.unwrap(),
            two.memory.unwrap(),
        ],
    }
}

#[tokio::test]
async fn the_sum_of_the_accounts_is_what_the_process_takes() {
    let set = Composition::assemble(&[One::DESCRIPTOR, Two::DESCRIPTOR]).unwrap();
    let data = tempfile::tempdir().unwrap();
    let configured = Manager::builder(&set).data_dir(data.path()).configure();
    let running = configured.unwrap().start().await.unwrap();
    let before = figures(&running);
    let (bytes, millis) = (100_000_000, 500);
    let work = Work { bytes, millis };
    running.publisher().publish(work).await.unwrap();
    running.idle().await;
    let after = figures(&running);

    let [process, one, two] = [0, 1, 2].map(|at| after.memory[at] - before.memory[at]);
    assert!(
        (one + two).abs_diff(process) * 20 < process,
        "{one} and {two} of {process}"
    );
    assert!(two.abs_diff(2 * one) * 20 < two, "{one} and {two}");

    let [process, one, two] = [0, 1, 2].map(|at| after.cpu[at] - before.cpu[at]);
    assert!(
        (one + two).abs_diff(process) * 20 < process,
        "{one:?} and {two:?} of {process:?}"
    );
    running.stop().await;
}
