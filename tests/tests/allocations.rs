//! What the fast paths promise: no allocation. A binary of its own, because the allocator that
//! counts is that of a whole program.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use plugin_core::lifecycle::{Manager, Running};
use plugin_core::prelude::*;
use plugin_core::{Composition, Descriptor, Plugin};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator is unsafe by its trait")]
// SAFETY: it hands everything on to the system's allocator, and counts in a cell of the thread,
// which needs no memory of its own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised; the memory is the system's.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as the caller promised; the memory is the system's.
        unsafe { System.realloc(memory, layout, size) }
    }
}

/// Allocations of this thread while something is done often, after it was done often enough that
/// what happens once has happened.
async fn allocations(operation: impl AsyncFn()) -> u64 {
    const TIMES: usize = 200;
    for _ in 0..TIMES {
        operation().await;
    }
    let before = ALLOCATIONS.get();
    for _ in 0..TIMES {
        operation().await;
    }
    ALLOCATIONS.get() - before
}

/// Nobody subscribes to it.
#[event("allocations.unheard")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Unheard {
    number: u64,
}

#[event("allocations_heard.it")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Heard {
    number: u64,
}

#[service]
trait Double {
    fn double(&self, number: u64) -> u64;
}

struct Listener;

#[plugin(name = "allocations-listener", provides(Double))]
impl Listener {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    fn on_heard(&self, event: &Heard) {
        assert!(event.number > 0);
    }

    #[subscribe(priority = 1)]
    fn before_others(&self, event: &Heard) -> Result<()> {
        assert!(event.number > 0);
        Ok(())
    }

    #[subscribe(filter = |event| event.number > 1)]
    fn on_greater(&self, event: &Heard) {
        assert!(event.number > 1);
    }

    #[subscribe("allocations_heard.*")]
    fn on_any(&self, event: &AnyEvent<'_>) {
        assert_eq!(event.topic(), "allocations_heard.it");
    }
}

#[service]
impl Double for Listener {
    fn double(&self, number: u64) -> u64 {
        2 * number
    }
}

/// Runs a test in a system with the listener.
async fn with_system(test: impl AsyncFnOnce(&Running)) {
    const PLUGINS: [&Descriptor; 1] = [Listener::DESCRIPTOR];
    let data = tempfile::tempdir().unwrap();
    let running = Manager::builder(&Composition::assemble(&PLUGINS).unwrap())
        .data_dir(data.path())
        .configure()
        .unwrap()
        .start()
        .await
        .unwrap();
    test(&running).await;
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn an_allocation_is_counted() {
    let seen = allocations(async || drop(std::hint::black_box(Box::new(1)))).await;
    assert_eq!(seen, 200, "else the other tests see nothing");
}

#[tokio::test]
async fn publish_to_inline_handlers_allocates_nothing() {
    with_system(async |running| {
        let publisher = running.publisher::<Heard>();
        let publish = async || publisher.publish(Heard { number: 2 }).await.unwrap();
        assert_eq!(allocations(publish).await, 0);
    })
    .await;
}

#[tokio::test]
async fn publish_to_nobody_allocates_nothing() {
    with_system(async |running| {
        let publisher = running.publisher::<Unheard>();
        let publish = async || publisher.publish(Unheard { number: 1 }).await.unwrap();
        assert_eq!(allocations(publish).await, 0);
    })
    .await;
}

#[tokio::test]
async fn try_publish_allocates_nothing() {
    with_system(async |running| {
        let (heard, unheard) = (running.publisher::<Heard>(), running.publisher::<Unheard>());
        let publish = async || {
            heard.try_publish(Heard { number: 2 }).unwrap();
            unheard.try_publish(Unheard { number: 1 }).unwrap();
        };
        assert_eq!(allocations(publish).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_call_of_a_service_allocates_nothing() {
    with_system(async |running| {
        let service = running.service::<dyn Double>().unwrap();
        let call = async || assert_eq!(service.double(2), 4);
        assert_eq!(allocations(call).await, 0);
    })
    .await;
}
