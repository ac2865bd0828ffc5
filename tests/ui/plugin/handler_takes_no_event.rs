use plugin_core::prelude::*;

struct UserLogin;

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn on_login(&self, _event: &UserLogin) {}
}

fn main() {}
