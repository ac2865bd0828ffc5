use plugin_core::prelude::*;

#[event("user.login")]
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct UserLogin;

pub struct Users;

#[plugin(name = "users-plugin", version = "1.2.0")]
impl Users {
    #[init]
    fn init() -> Self {
        Self
    }

    #[respond]
    async fn lookup(&self, _login: &UserLogin) -> bool {
        true
    }
}

fn main() {}
