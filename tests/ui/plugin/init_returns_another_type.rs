use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Result<String> {
        Ok(String::new())
    }
}

fn main() {}
