use plugin_core::prelude::*;

#[event("user.login")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin {
    user_id: String,
}

struct Hello;

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init() -> Self {
        Self
    }

    #[start]
    async fn start(&self) -> Result<(), String> {
        Err("no".to_owned())
    }

    #[subscribe]
    async fn queued(&self, _event: &UserLogin) -> Result<(), String> {
        Ok(())
    }

    #[subscribe]
    fn inline(&self, _event: &UserLogin) -> Result<(), &'static str> {
        Ok(())
    }
}

fn main() {}
