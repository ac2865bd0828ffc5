use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[snapshot]
    fn snapshot(&self) -> impl Serialize {
        1
    }
}

fn main() {}
