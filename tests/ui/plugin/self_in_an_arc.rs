use plugin_core::prelude::*;

#[event("user.login")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin {
    user_id: String,
}

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[start]
    async fn start(self: std::sync::Arc<Self>, tasks: Tasks) -> Result<()> {
        drop(tasks);
        Ok(())
    }

    #[stop]
    async fn stop(self: &mut Self) {}
}

fn main() {}
