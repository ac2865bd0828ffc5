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

    #[subscribe(batch = 10)]
    async fn on_logins(&self, events: Batch<UserLogin>) -> Vec<Result<()>> {
        events.iter().map(|_| Ok(())).collect()
    }
}

fn main() {}
