use plugin_core::prelude::*;

struct Logger;

#[plugin(name = "logger-plugin", version = "2.1.0")]
impl Logger {
    #[init]
    fn init() -> Self {
        Self
    }
}

struct Hello;

#[plugin(name = "hello-plugin", requires(Logger))]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
