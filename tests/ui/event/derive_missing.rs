use plugin_core::prelude::*;

#[event("user.login")]
#[derive(Serialize, Deserialize)]
struct UserLogin;

fn main() {}
