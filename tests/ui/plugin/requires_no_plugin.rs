use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin", requires(String = "^1"))]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
