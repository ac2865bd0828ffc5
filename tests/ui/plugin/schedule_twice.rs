use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[schedule(every = "10s")]
    #[schedule(after = "1s")]
    async fn tick(&self) {}
}

fn main() {}
