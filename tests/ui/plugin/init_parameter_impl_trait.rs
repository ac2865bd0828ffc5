use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init(_name: impl InitParam) -> Self {
        Self
    }
}

fn main() {}
