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

    #[subscribe(filter = Self::is_meant)]
    async fn on_login(&self, _event: &UserLogin) {}

    async fn is_meant(event: &UserLogin) -> bool {
        event.user_id == "ann"
    }
}

fn main() {}
