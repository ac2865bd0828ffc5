use plugin_core::prelude::*;

struct Hello;

#[plugin(nmae = "hello-plugin", name = "hello-plugin", colour = "red")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
