use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init(_: Option<Snapshot<u32>>) -> Self {
        Self
    }

    #[snapshot]
    async fn snapshot(&self) -> Result<String> {
        Ok(String::new())
    }
}

fn main() {}
