use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[schedule(after = "10s", overlap = queue)]
    async fn tick(&self) {}
}

fn main() {}
