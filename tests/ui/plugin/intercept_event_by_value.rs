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

    #[intercept(publish)]
    fn check(&self, _event: UserLogin) -> Result<()> {
        Ok(())
    }

    #[intercept(publish, topics = "user.*")]
    fn check_any(&self, _event: AnyEvent<'_>) {}
}

fn main() {}
