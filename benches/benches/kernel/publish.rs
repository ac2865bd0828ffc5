//! Publish to N synchronous subscribers, beside direct calls and the buses that one writes at home.

use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use kernel_benches::{
    Contest, Goal, Subject, System, ToFour, ToNone, ToOne, ToSixteen, ToSixtyFour, by_topic,
    by_type, timed,
};
use plugin_core::Plugin;
use plugin_core::event::Publisher;

use crate::hold;

pub(crate) const PUBLISH: &str = "publish";
pub(crate) const TRY_PUBLISH: &str = "try_publish";
const PUBLISH_ALL: &str = "publish_all";
pub(crate) const DIRECT: &str = "direct calls";
const CLOSURES: &str = "Vec of closures";
const BY_TYPE: &str = "map by TypeId";
const BY_TOPIC: &str = "string topic and JSON";
const BATCH: u64 = 256;

pub(crate) fn bench(criterion: &mut Criterion) {
    hold(criterion, none());
    hold(criterion, goals::<ToOne>(None));
    hold(criterion, goals::<ToFour>(Some(1.5)));
    hold(criterion, goals::<ToSixteen>(Some(1.35)));
    hold(criterion, goals::<ToSixtyFour>(Some(1.7)));
    hold(criterion, batch::<ToOne>());
    hold(criterion, batch::<ToFour>());
    hold(criterion, batch::<ToSixteen>());
}

fn none() -> Contest {
    let contest = contest::<ToNone>().goal(Goal::nanos(TRY_PUBLISH, 2.0));
    contest.goal(Goal::nanos(PUBLISH, 2.0))
}

/// Both ways to publish have the same goals. With many subscribers, the handlers themselves are most
/// of what any bus takes.
fn goals<E: Subject>(direct: Option<f64>) -> Contest {
    let (mut contest, few) = (contest::<E>(), E::SUBSCRIBERS <= 4);
    for way in [TRY_PUBLISH, PUBLISH] {
        contest = match direct {
            Some(bound) => contest
                .goal(Goal::ratio(way, DIRECT, bound))
                .goal(Goal::ratio(way, CLOSURES, 1.0)),
            // Direct calls move with the alignment of the code here: the clock is the measure.
            None => contest.goal(Goal::nanos(way, 3.6)),
        };
        if few {
            contest = contest
                .goal(Goal::faster(way, BY_TYPE, 6.0))
                .goal(Goal::faster(way, BY_TOPIC, 20.0));
        }
    }
    contest
}

fn contest<E: Subject>() -> Contest {
    let system = Rc::new(System::start(&[E::Listener::DESCRIPTOR]));
    let handlers = black_box(E::typed());
    Contest::new(format!("publish inline, N = {}", E::SUBSCRIBERS))
        .add(DIRECT, timed(|| E::of(black_box(1)).direct()))
        .add(TRY_PUBLISH, trying::<E>(&system))
        .add(PUBLISH, awaiting::<E>(&system))
        .add(
            CLOSURES,
            timed(move || {
                let event = E::of(black_box(1));
                handlers.iter().for_each(|handler| handler(&event));
            }),
        )
        .add(BY_TYPE, timed(by_type::<E>()))
        .add(BY_TOPIC, timed(by_topic::<E>()))
}

/// Publishes with the synchronous call.
pub(crate) fn trying<E: Subject>(system: &Rc<System>) -> impl FnMut(u64) -> Duration + use<E> {
    let (publisher, running) = (system.running().publisher::<E>(), Rc::clone(system));
    let mut publish = timed(move || publisher.try_publish(E::of(black_box(1))).is_ok());
    move |times| {
        let _running = &running;
        publish(times)
    }
}

/// Publishes and awaits, on the runtime's own thread.
pub(crate) fn awaiting<E: Subject>(system: &Rc<System>) -> impl FnMut(u64) -> Duration + use<E> {
    let system = Rc::clone(system);
    let publisher = system.running().publisher::<E>();
    move |times| system.runtime().block_on(publish(&publisher, times))
}

async fn publish<E: Subject>(publisher: &Publisher<E>, times: u64) -> Duration {
    let began = Instant::now();
    for _ in 0..times {
        black_box(publisher.publish(E::of(black_box(1))).await.is_ok());
    }
    began.elapsed()
}

/// As many events at once as a caller has at hand.
fn batch<E: Subject>() -> Contest {
    let system = Rc::new(System::start(&[E::Listener::DESCRIPTOR]));
    let (mut one, mut many) = (timed(|| E::of(black_box(1)).direct()), trying::<E>(&system));
    Contest::new(format!("publish of 256 events, N = {}", E::SUBSCRIBERS))
        .operations(BATCH)
        .add(DIRECT, move |times| one(times * BATCH))
        .add(PUBLISH_ALL, together::<E>(&system))
        .add(TRY_PUBLISH, move |times| many(times * BATCH))
        .goal(Goal::ratio(PUBLISH_ALL, DIRECT, 0.5))
}

/// Publishes many events with one call.
fn together<E: Subject>(system: &Rc<System>) -> impl FnMut(u64) -> Duration + use<E> {
    let system = Rc::clone(system);
    let publisher = system.running().publisher::<E>();
    move |times| {
        system.runtime().block_on(async {
            let began = Instant::now();
            for _ in 0..times {
                let events = (0..BATCH).map(|_| E::of(black_box(1)));
                black_box(publisher.publish_all(events).await.is_ok());
            }
            began.elapsed()
        })
    }
}
