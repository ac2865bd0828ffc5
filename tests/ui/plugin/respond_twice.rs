use plugin_core::prelude::*;

#[event("user.lookup", answer = Option<String>)]
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct UserLookup {
    user_id: String,
}

pub struct Users;

#[plugin(name = "users-plugin", version = "1.2.0")]
impl Users {
    #[init]
    fn init() -> Self {
        Self
    }

    #[respond]
    async fn lookup(&self, _lookup: &UserLookup) -> Option<String> {
        None
    }

    #[respond]
    async fn find(&self, _lookup: &UserLookup) -> Option<String> {
        None
    }
}

fn main() {}
