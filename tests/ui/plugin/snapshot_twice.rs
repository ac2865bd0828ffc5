use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init(_: Option<Snapshot<u32>>, _: Option<Snapshot<u32>>) -> Self {
        Self
    }

    #[snapshot]
    fn one(&self) -> u32 {
        1
    }

    #[snapshot]
    fn other(&self) -> u32 {
        2
    }
}

fn main() {}
