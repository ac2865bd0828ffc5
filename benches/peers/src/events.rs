//! Publish to N synchronous subscribers in crates for events.

use std::hint::black_box;
use std::time::Duration;

use kernel_benches::{Contest, Goal, Subject, System, ToFour, ToOne, timed};
use plugin_core::Plugin;

const KERNEL: &str = "kernel";
const BEVY: &str = "bevy_ecs 0.20 observers";
const EVENIO: &str = "evenio 0.6";
const MOD_EVENTS: &str = "mod-events 1.1";

/// The event, as each crate wants it.
#[derive(Debug, Clone, bevy_ecs::event::Event, evenio::event::GlobalEvent)]
struct Number(u64);

impl mod_events::Event for Number {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

pub(crate) fn to_one() -> Contest {
    goals(contest::<ToOne>(&[1]))
}

pub(crate) fn to_four() -> Contest {
    goals(contest::<ToFour>(&[1, 2, 3, 4]))
}

fn goals(contest: Contest) -> Contest {
    contest
        .goal(Goal::faster(KERNEL, BEVY, 6.0))
        .goal(Goal::faster(KERNEL, EVENIO, 3.5))
        .goal(Goal::faster(KERNEL, MOD_EVENTS, 9.0))
}

/// Closures of one type with a salt each: the peers call them through a pointer anyway.
fn contest<E: Subject>(salts: &'static [u64]) -> Contest {
    Contest::new(format!("publish inline, N = {}", salts.len()))
        .add("direct calls", timed(|| E::of(black_box(1)).direct()))
        .add(KERNEL, kernel::<E>())
        .add(BEVY, bevy(salts))
        .add(EVENIO, evenio(salts))
        .add(MOD_EVENTS, mod_events(salts))
}

fn kernel<E: Subject>() -> impl FnMut(u64) -> Duration {
    let system = System::start(&[E::Listener::DESCRIPTOR]);
    let publisher = system.running().publisher::<E>();
    let mut publish = timed(move || publisher.try_publish(E::of(black_box(1))).is_ok());
    move |times| {
        let _running = &system;
        publish(times)
    }
}

fn bevy(salts: &[u64]) -> impl FnMut(u64) -> Duration + use<> {
    let mut world = bevy_ecs::world::World::new();
    for &salt in salts {
        world.add_observer(move |event: bevy_ecs::observer::On<'_, '_, Number>| {
            black_box(event.event().0 ^ salt);
        });
    }
    world.flush();
    timed(move || world.trigger(Number(black_box(1))))
}

fn evenio(salts: &[u64]) -> impl FnMut(u64) -> Duration + use<> {
    let mut world = evenio::world::World::new();
    for &salt in salts {
        // Each handler is known by its type: without state in a component, by its closure.
        match salt {
            1 => add::<1>(&mut world),
            2 => add::<2>(&mut world),
            3 => add::<3>(&mut world),
            _ => add::<4>(&mut world),
        }
    }
    timed(move || world.send(Number(black_box(1))))
}

fn add<const SALT: u64>(world: &mut evenio::world::World) {
    let handler = |event: evenio::event::Receiver<'_, Number>| {
        black_box(event.event.0 ^ SALT);
    };
    world.add_handler(handler);
}

fn mod_events(salts: &[u64]) -> impl FnMut(u64) -> Duration + use<> {
    let dispatcher = mod_events::EventDispatcher::new();
    for &salt in salts {
        dispatcher.on(move |event: &Number| {
            black_box(event.0 ^ salt);
        });
    }
    timed(move || dispatcher.emit(Number(black_box(1))))
}
