use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin", name = "other-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
