use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init(_: Snapshot<u32>) -> Self {
        Self
    }

    #[snapshot]
    fn snapshot(&self) -> u32 {
        1
    }
}

fn main() {}
