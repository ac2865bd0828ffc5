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

    #[subscribe(retrys = 3, backoff = "1s")]
    async fn tried(&self, _event: &UserLogin) {}

    #[subscribe(braker = 3, open_for = "1s")]
    async fn broken(&self, _event: &UserLogin) {}

    #[subscribe(grup = "billing", balance = least_loaded)]
    async fn shared(&self, _event: &UserLogin) {}
}

fn main() {}
