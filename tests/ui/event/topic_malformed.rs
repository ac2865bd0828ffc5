use plugin_core::prelude::*;

#[event("User Login")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin;

fn main() {}
