use plugin_core::prelude::*;

#[event("user.login")]
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct UserLogin;

struct Hello;

#[plugin(name = "hello-plugin", overlap)]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(queue = 10)]
    async fn on_login(&self, _: &UserLogin) {}
}

#[plugin(name = "other-plugin", overlap = true)]
impl Other {
    #[init]
    fn init() -> Self {
        Self
    }
}

struct Other;

fn main() {}
