use plugin_core::prelude::*;

#[event("user.login")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin {
    user_id: String,
    score: f64,
}

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(key = |event| &event.user_id, concurrency = 4, batch = 16)]
    async fn on_login(&self, _events: Batch<UserLogin>) {}
}

fn main() {}
