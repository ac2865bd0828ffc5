use plugin_core::prelude::*;

#[event]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin;

fn main() {}
