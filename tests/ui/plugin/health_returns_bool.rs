use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[health]
    async fn health(&self) -> bool {
        true
    }
}

fn main() {}
