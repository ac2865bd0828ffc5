use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(batch = 10)]
    async fn on_logins(&self, _events: Batch) {}
}

fn main() {}
