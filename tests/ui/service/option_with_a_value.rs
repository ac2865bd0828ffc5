use plugin_core::prelude::*;

#[service(many = true)]
pub trait Greet {
    fn greet(&self);
}

fn main() {}
