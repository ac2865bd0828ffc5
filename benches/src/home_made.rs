//! The buses that one writes at home, as baselines.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::RwLock;

use serde_json::{Value, json};

use crate::subject::Subject;

/// A handler that looks for the type of its event.
pub type Erased = Box<dyn Fn(&dyn Any) + Send + Sync>;
/// Handlers by type.
pub type Lookup = RwLock<HashMap<TypeId, Vec<Erased>>>;
/// Handlers of JSON by topic.
pub type OnJson = RwLock<HashMap<String, Vec<Box<dyn Fn(&Value) + Send + Sync>>>>;

/// A bus whose handlers are found by the type of the event.
pub fn by_type<E: Subject>() -> impl Fn() {
    let bus: Lookup = RwLock::new(HashMap::from([(TypeId::of::<E>(), E::erased())]));
    move || call_by_type(&bus, &E::of(black_box(1)))
}

fn call_by_type<E: Subject>(bus: &Lookup, event: &E) {
    let handlers = bus.read().expect("no handler panics");
    for handler in handlers.get(&TypeId::of::<E>()).into_iter().flatten() {
        handler(event);
    }
}

/// A bus whose handlers are found by a topic, and take JSON that is made at each publish.
pub fn by_topic<E: Subject>() -> impl Fn() {
    let topic = E::DESCRIPTOR.topic;
    let bus: OnJson = RwLock::new(HashMap::from([(topic.to_owned(), E::on_json())]));
    move || {
        let event = json!({ "topic": topic, "number": black_box(1) });
        let handlers = bus.read().expect("no handler panics");
        for handler in handlers.get(black_box(topic)).into_iter().flatten() {
            handler(&event);
        }
    }
}
