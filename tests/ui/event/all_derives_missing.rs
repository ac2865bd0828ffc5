use plugin_core::prelude::*;

#[event("user.login")]
struct UserLogin;

fn main() {}
