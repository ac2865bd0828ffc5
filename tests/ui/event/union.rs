use plugin_core::prelude::*;

#[event("user.login")]
union UserLogin {
    id: u32,
}

fn main() {}
