use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin", after("old-plugin"), conflicts("old-plugin"))]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
