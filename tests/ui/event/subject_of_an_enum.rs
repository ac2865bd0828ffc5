use plugin_core::prelude::*;

#[event("order.changed", subject = user_id)]
#[derive(Serialize, Deserialize, JsonSchema)]
enum OrderChanged {
    Paid { user_id: String },
}

fn main() {}
