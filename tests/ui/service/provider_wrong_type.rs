use plugin_core::prelude::*;

#[service]
pub trait Greet {
    async fn greet(&self, name: &str) -> Result<String>;
}

pub struct Greeter;

#[service]
impl Greet for Greeter {
    async fn greet(&self, name: &str) -> Result<String> {
        if name.is_empty() {
            return 7;
        }
        Ok(name)
    }
}

fn main() {}
