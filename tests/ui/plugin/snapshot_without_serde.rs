use plugin_core::prelude::*;

struct Hello;

struct Count;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[snapshot]
    fn snapshot(&self) -> Count {
        Count
    }
}

fn main() {}
