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
    fn redact(&self, event: &mut UserLogin) {
        event.user_id.clear();
    }
}

fn main() {}
