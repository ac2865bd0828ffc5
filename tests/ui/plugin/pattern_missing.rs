use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn on_any(&self, _event: &AnyEvent<'_>) {}
}

fn main() {}
