use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Default for Hello {
    #[init]
    fn default() -> Self {
        Self
    }
}

fn main() {}
