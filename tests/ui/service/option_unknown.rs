use plugin_core::prelude::*;

#[service(multiple)]
pub trait Greet {
    fn greet(&self);
}

fn main() {}
