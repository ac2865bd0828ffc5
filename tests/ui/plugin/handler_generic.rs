use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn on_login<E: Event>(&self, _event: &E) {}
}

fn main() {}
