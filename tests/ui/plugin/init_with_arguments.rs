use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init(first)]
    fn init() -> Self {
        Self
    }
}

fn main() {}
