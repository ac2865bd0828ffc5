use plugin_core::prelude::*;

pub trait Greet: Send + Sync + 'static {
    fn greet(&self);
}

pub fn call(greet: Service<dyn Greet>) {
    drop(greet);
}

fn main() {}
