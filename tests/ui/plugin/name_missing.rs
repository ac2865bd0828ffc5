use plugin_core::prelude::*;

struct Hello;

#[plugin(kind = system)]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
