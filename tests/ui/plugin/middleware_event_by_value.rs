use plugin_core::prelude::*;

#[event("user.login")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin {
    user_id: String,
}

struct Hello;

#[plugin(name = "hello-plugin", kind = middleware)]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[middleware(publish)]
    fn check(&self, _event: UserLogin) -> Result<()> {
        Ok(())
    }

    #[middleware(publish, topics = "user.*")]
    fn check_any(&self, _event: AnyEvent<'_>) {}
}

fn main() {}
