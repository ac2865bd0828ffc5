use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "Hello Plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }
}

fn main() {}
