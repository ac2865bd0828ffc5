use plugin_core::prelude::*;

pub struct Greeter;

#[service]
impl Greeter {
    async fn greet(&self) {}
}

fn main() {}
