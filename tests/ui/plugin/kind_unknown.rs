use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin", kind = sytsem)]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
