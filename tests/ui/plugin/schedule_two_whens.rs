use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[schedule(every = "5m", cron = "0 3 * * *")]
    async fn tick(&self) {}
}

fn main() {}
