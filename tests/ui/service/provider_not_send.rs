use plugin_core::prelude::*;

#[service]
pub trait Greet {
    async fn greet(&self, name: &str) -> Result<String>;
}

pub struct Greeter;

#[service]
impl Greet for Greeter {
    async fn greet(&self, name: &str) -> Result<String> {
        let shared = std::rc::Rc::new(name.to_owned());
        std::future::ready(()).await;
        Ok(shared.to_string())
    }
}

fn main() {}
