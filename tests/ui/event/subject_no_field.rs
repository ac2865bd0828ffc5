use plugin_core::prelude::*;

#[event("order.created", subject = usr_id)]
#[derive(Serialize, Deserialize, JsonSchema)]
struct OrderCreated {
    user_id: String,
}

fn main() {}
