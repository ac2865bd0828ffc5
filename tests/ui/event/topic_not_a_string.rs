use plugin_core::prelude::*;

#[event(user)]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin;

fn main() {}
