use plugin_core::prelude::*;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn on_login(&self, name: &str) -> Result<()> {
        println!("{name}");
        Ok(())
    }
}

fn main() {}
