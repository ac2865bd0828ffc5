use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init(_name: String) -> Self {
        Self
    }
}

fn main() {}
