use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init(_: Config<String>, _: Config<u32>) -> Self {
        Self
    }
}

fn main() {}
