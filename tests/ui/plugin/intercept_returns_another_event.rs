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

    #[intercept(publish)]
    fn redact(&self, _event: &UserLogin) -> Result<Option<String>> {
        Ok(None)
    }

    #[intercept(publish)]
    fn whole(&self, event: &UserLogin) -> UserLogin {
        UserLogin { user_id: event.user_id.clone() }
    }

    #[intercept(publish, topics = "user.*")]
    fn any(&self, _event: &AnyEvent<'_>) -> Result<Option<UserLogin>> {
        Ok(None)
    }
}

fn main() {}
