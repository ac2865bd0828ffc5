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

    #[cfg_attr(all(), subscribe)]
    #[cfg_attr(not(any()), subscribe(retry = 2))]
    async fn on_login(&self, _event: &UserLogin) {}
}

fn main() {}
