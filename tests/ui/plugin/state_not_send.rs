use plugin_core::prelude::*;

#[event("user.login")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin {
    user_id: String,
}

struct Hello {
    count: std::cell::Cell<u32>,
}

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self { count: 0.into() }
    }

    #[subscribe]
    async fn on_login(&self, _event: &UserLogin) {
        self.count.set(self.count.get() + 1);
    }
}

fn main() {}
