use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[schedule(cron = "0 3 * * *", timezone = "Berlin, DE")]
    async fn tick(&self) {}
}

fn main() {}
