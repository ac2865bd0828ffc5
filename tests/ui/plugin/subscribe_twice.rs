use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe("user.*")]
    #[subscribe("order.*")]
    async fn on_any(&self, _event: &AnyEvent<'_>) {}
}

fn main() {}
