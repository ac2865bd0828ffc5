use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init(_: Option<Snapshot<u32>>) -> Self {
        Self
    }

    #[reload]
    fn reload(&self, _: Option<Snapshot<u32>>) {}
}

fn main() {}
