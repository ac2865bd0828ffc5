use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin", version = "1.2")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
