//! What a call of an asynchronous handler adds to an event's way: one that is ready at once, and
//! one that waits once. The way without a call of its own is that of a batch handler.

use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use criterion::Criterion;
use kernel_benches::{Contest, Goal, System, one_thread};
use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::hold;

const BURST: usize = 1_000;
const LIMIT: Duration = Duration::from_secs(30);

const READY: &str = "ready";
const PENDING: &str = "pending once";
const NO_CALL: &str = "in a batch";
const PLAIN_READY: &str = "plain await, ready";
const PLAIN_PENDING: &str = "plain await, pending once";
const TIMEOUT_READY: &str = "tokio timeout, ready";
const TIMEOUT_PENDING: &str = "tokio timeout, pending once";

/// Three events, and a plugin that handles each in its way.
macro_rules! event {
    ($event:ident $topic:tt) => {
        #[event($topic)]
        #[derive(Serialize, Deserialize, JsonSchema)]
        struct $event {
            number: usize,
        }
    };
}

event!(Ready "bench.call_ready");
event!(Pending "bench.call_pending");
event!(Batched "bench.call_batched");

struct Listener;

#[plugin(name = "call-listener")]
impl Listener {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn on_ready(&self, event: &Ready) {
        black_box(event.number);
    }

    #[subscribe]
    async fn on_pending(&self, event: &Pending) {
        Once(false).await;
        black_box(event.number);
    }

    #[subscribe(batch = 256)]
    async fn on_batch(&self, events: Batch<Batched>) {
        for event in events.iter() {
            black_box(event.number);
        }
    }
}

/// Waits once.
struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

async fn ready(event: Arc<Ready>) {
    black_box(event.number);
}

async fn pending(event: Arc<Ready>) {
    Once(false).await;
    black_box(event.number);
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let contest = Contest::new("call of an asynchronous handler")
        .operations(BURST as u64)
        .add(NO_CALL, kernel(|number| Batched { number }))
        .add(READY, kernel(|number| Ready { number }))
        .add(PENDING, kernel(|number| Pending { number }))
        .add(PLAIN_READY, by_hand(ready))
        .add(PLAIN_PENDING, by_hand(pending))
        .add(
            TIMEOUT_READY,
            by_hand(async |event| limited(ready(event)).await),
        )
        .add(
            TIMEOUT_PENDING,
            by_hand(async |event| limited(pending(event)).await),
        )
        .goal(Goal::added((READY, NO_CALL), PLAIN_READY, 1.1))
        .goal(Goal::added_of_added(
            (PENDING, READY),
            (TIMEOUT_PENDING, TIMEOUT_READY),
            0.1,
        ));
    hold(criterion, contest);
}

async fn limited(future: impl Future<Output = ()>) {
    black_box(tokio::time::timeout(LIMIT, future).await.is_ok());
}

fn kernel<E: Event>(event: impl Fn(usize) -> E + 'static) -> impl FnMut(u64) -> Duration {
    System::start(&[Listener::DESCRIPTOR]).bursts(BURST, event)
}

/// The calls alone, in a task.
fn by_hand(handle: impl AsyncFn(Arc<Ready>) + 'static) -> impl FnMut(u64) -> Duration {
    let runtime = one_thread();
    move |times| {
        runtime.block_on(async {
            let event = Arc::new(Ready { number: 1 });
            let began = Instant::now();
            for _ in 0..times * BURST as u64 {
                handle(Arc::clone(black_box(&event))).await;
            }
            began.elapsed()
        })
    }
}
