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

    #[subscribe(filter = async |event| event.user_id == "ann")]
    async fn on_login(&self, _event: &UserLogin) {}

    #[subscribe(filter = |event| async { event.user_id == "ann" })]
    async fn again(&self, _event: &UserLogin) {}

    #[subscribe(key = async |event| event.user_id.clone())]
    async fn in_order(&self, _event: &UserLogin) {}
}

fn main() {}
