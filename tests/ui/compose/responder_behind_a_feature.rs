#![allow(unexpected_cfgs)]

use plugin_core::prelude::*;

#[event("user.lookup", answer = Option<String>)]
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct UserLookup {
    user_id: String,
}

pub struct Shop;

#[plugin(name = "shop-plugin", version = "1.2.0")]
impl Shop {
    #[init]
    fn init(_lookup: Requester<UserLookup>) -> Self {
        Self
    }
}

compose! {
    Shop,
    "users" => plugin_users::Users answers("user.lookup"),
}

fn main() {}
