use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[stop]
    async fn stop(&self, _tasks: Tasks) {}
}

fn main() {}
