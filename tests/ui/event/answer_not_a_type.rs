use plugin_core::prelude::*;

#[event("user.lookup", answer = "User")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct UserLookup {
    user_id: String,
}

fn main() {}
