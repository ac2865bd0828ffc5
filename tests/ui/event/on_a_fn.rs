use plugin_core::prelude::*;

#[event("user.login")]
fn user_login() {}

fn main() {}
