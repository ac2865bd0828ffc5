use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[snapshot]
    fn snapshot(&mut self, _: Tasks) {}
}

fn main() {}
