use plugin_core::prelude::*;

struct Settings;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init(_: Config<Settings>) -> Self {
        Self
    }
}

fn main() {}
