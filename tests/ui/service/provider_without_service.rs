use plugin_core::prelude::*;

#[service]
pub trait Greet {
    async fn greet(&self, name: &str) -> Result<String>;
}

pub struct Greeter;

impl Greet for Greeter {
    async fn greet(&self, name: &str) -> Result<String> {
        Ok(name.to_owned())
    }
}

fn main() {}
