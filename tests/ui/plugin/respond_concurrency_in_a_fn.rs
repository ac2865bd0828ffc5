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

    #[respond(concurrency = 4)]
    fn lookup(&self, _lookup: &UserLookup) -> Option<String> {
        None
    }
}

fn main() {}
