use plugin_core::prelude::*;

#[event(topic = "user.login")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin;

fn main() {}
