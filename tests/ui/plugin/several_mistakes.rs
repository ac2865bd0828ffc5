use plugin_core::prelude::*;

#[event("user.login")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin {
    user_id: String,
}

struct Hello;

#[plugin(name = "Hello", version = "one", kind = fast)]
impl Hello {
    #[init]
    fn init(&self) -> Self {
        Self
    }

    #[subscribe(timeout = "soon", concurrency = 0)]
    async fn on_login(&mut self, _event: UserLogin) {}

    #[stop]
    async fn stop() {}
}

fn main() {}
