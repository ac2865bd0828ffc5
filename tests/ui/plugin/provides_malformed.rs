use plugin_core::prelude::*;

#[service]
trait Greeter {
    fn greet(&self) -> String;
}

struct Hello;

#[plugin(name = "hello-plugin", provides(Greeter(rank = 1)))]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
