use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[schedule(every = "10s", max_runs = 0)]
    async fn tick(&self) {}
}

fn main() {}
