use plugin_core::prelude::*;

#[event("user.login", "user.logout")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin;

fn main() {}
