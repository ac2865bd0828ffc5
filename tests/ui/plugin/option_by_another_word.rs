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

    #[subscribe(retires = 3)]
    async fn on_login(&self, _event: &UserLogin) {}

    #[schedule(interval = "5s")]
    async fn clean_up(&self) {}
}

fn main() {}
