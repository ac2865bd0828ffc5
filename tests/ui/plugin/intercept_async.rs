use plugin_core::prelude::*;

struct Guard;

#[plugin(name = "guard-plugin", kind = middleware)]
impl Guard {
    #[init]
    fn init() -> Self {
        Self
    }

    #[intercept(publish)]
    async fn check(&self, _event: &AnyEvent<'_>) -> Result<()> {
        Ok(())
    }
}

fn main() {}
