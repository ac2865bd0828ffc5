use plugin_core::prelude::*;

trait Greeter: Send + Sync {
    fn greet(&self) -> String;
}

impl Greeter for Hello {
    fn greet(&self) -> String {
        String::new()
    }
}

struct Hello;

#[plugin(name = "hello-plugin", provides(Greeter))]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
