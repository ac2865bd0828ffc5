use plugin_core::prelude::*;

#[event("user.login")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogin {
    user_id: String,
}

#[event("user.logout")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLogout;

struct Hello {
    login: Publisher<UserLogin>,
}

#[plugin(name = "hello-plugin")]
impl Hello {
    #[init]
    fn init(login: Publisher<UserLogin>) -> Self {
        Self { login }
    }

    #[start]
    async fn start(&self) -> Result<()> {
        self.login.publish(UserLogout).await?;
        Ok(())
    }
}

fn main() {}
