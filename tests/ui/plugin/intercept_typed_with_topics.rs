use plugin_core::prelude::*;

#[event("user.login")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin {
    user_id: String,
}

struct Guard;

#[plugin(name = "guard-plugin", kind = middleware)]
impl Guard {
    #[init]
    fn init() -> Self {
        Self
    }

    #[intercept(publish, topics = "user.*")]
    fn redact(&self, _event: &UserLogin) -> Result<Option<UserLogin>> {
        Ok(None)
    }
}

fn main() {}
