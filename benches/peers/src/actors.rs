//! An actor that is told.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel_benches::{Progress, ROOM, one_thread};

use crate::channels::handle;
use crate::mailbox::{BURST, Queued};

/// What an actor has.
struct Counter {
    handled: usize,
    progress: Arc<Progress>,
}

impl Counter {
    fn handle(&mut self, event: &Queued) {
        handle(event, &mut self.handled, &self.progress);
    }
}

struct Told(Arc<Queued>);

fn counter() -> (Counter, Arc<Progress>) {
    let progress = Arc::new(Progress::default());
    let counter = Counter {
        handled: 0,
        progress: Arc::clone(&progress),
    };
    (counter, progress)
}

/// Bursts, each waited for.
async fn bursts(times: u64, progress: &Progress, tell: impl AsyncFn(Arc<Queued>)) -> Duration {
    let began = Instant::now();
    for _ in 0..times {
        progress.begin(1);
        for number in 0..BURST {
            tell(Arc::new(Queued { number })).await;
        }
        progress.done().await;
    }
    began.elapsed()
}

impl actix::Actor for Counter {
    type Context = actix::Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(ROOM);
    }
}

impl actix::Message for Told {
    type Result = ();
}

impl actix::Handler<Told> for Counter {
    type Result = ();

    fn handle(&mut self, told: Told, _: &mut Self::Context) {
        Self::handle(self, &told.0);
    }
}

pub(crate) fn actix() -> impl FnMut(u64) -> Duration {
    let (counter, progress) = counter();
    let system = actix::System::new();
    let address = system.block_on(async {
        let address = actix::Actor::start(counter);
        // Without a turn of its own it would not have set its capacity.
        tokio::task::yield_now().await;
        address
    });
    move |times| {
        system.block_on(bursts(times, &progress, async |event| {
            let told = address.try_send(Told(event));
            assert!(told.is_ok(), "a burst has room");
        }))
    }
}

impl kameo::Actor for Counter {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(counter: Self, _: kameo::actor::ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(counter)
    }
}

impl kameo::message::Message<Told> for Counter {
    type Reply = ();

    async fn handle(&mut self, told: Told, _: &mut kameo::message::Context<Self, ()>) {
        Self::handle(self, &told.0);
    }
}

pub(crate) fn kameo() -> impl FnMut(u64) -> Duration {
    let (counter, progress) = counter();
    let runtime = one_thread();
    let actor = runtime.block_on(async {
        <Counter as kameo::actor::Spawn>::spawn_with_mailbox(counter, kameo::mailbox::bounded(ROOM))
    });
    move |times| {
        runtime.block_on(bursts(times, &progress, async |event| {
            let told = actor.tell(Told(event)).await;
            assert!(told.is_ok(), "the actor runs");
        }))
    }
}

/// The behaviour is apart from the state there.
struct Behaviour;

impl ractor::Actor for Behaviour {
    type Msg = Told;
    type State = Counter;
    type Arguments = Counter;

    async fn pre_start(
        &self,
        _: ractor::ActorRef<Told>,
        counter: Counter,
    ) -> Result<Counter, ractor::ActorProcessingErr> {
        Ok(counter)
    }

    async fn handle(
        &self,
        _: ractor::ActorRef<Told>,
        told: Told,
        counter: &mut Counter,
    ) -> Result<(), ractor::ActorProcessingErr> {
        counter.handle(&told.0);
        Ok(())
    }
}

pub(crate) fn ractor() -> impl FnMut(u64) -> Duration {
    let (counter, progress) = counter();
    let runtime = one_thread();
    let spawned = runtime.block_on(ractor::Actor::spawn(None, Behaviour, counter));
    let (actor, _running) = spawned.expect("it starts without an error");
    move |times| {
        runtime.block_on(bursts(times, &progress, async |event| {
            let told = actor.cast(Told(event));
            assert!(told.is_ok(), "the actor runs");
        }))
    }
}
