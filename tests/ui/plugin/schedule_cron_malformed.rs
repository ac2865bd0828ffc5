use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[schedule(cron = "*/5 24 * * *")]
    async fn tick(&self) {}
}

fn main() {}
