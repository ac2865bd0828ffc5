use plugin_core::prelude::*;

#[service]
pub trait Greet {
    async fn greet(&self, name: &str) -> Result<String>;
}

pub struct Greeter;

#[service]
impl Greet for Greeter {
    async fn greet(&self, name: String) -> Result<String> {
        Ok(name)
    }
}

fn main() {}
