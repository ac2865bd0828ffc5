use plugin_core::prelude::*;

struct UserLogin;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init(_logins: Publisher<UserLogin>) -> Self {
        Self
    }
}

fn main() {}
