use plugin_core::prelude::*;

struct Hello;

#[plugin(name = hello)]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
