use plugin_core::prelude::*;

struct User;

#[event("user.lookup", answer = Option<User>)]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLookup {
    user_id: String,
}

fn main() {}
