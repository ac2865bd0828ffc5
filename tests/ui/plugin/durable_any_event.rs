use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe("user.*", durable)]
    async fn on_user(&self, _event: &AnyEvent<'_>) {}
}

fn main() {}
