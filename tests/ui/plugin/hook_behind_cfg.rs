use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[cfg(unix)]
    #[stop]
    async fn stop(&self) {}
}

fn main() {}
