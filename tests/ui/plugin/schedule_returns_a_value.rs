use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[schedule(every = "10s")]
    async fn tick(&self) -> u32 {
        1
    }
}

fn main() {}
