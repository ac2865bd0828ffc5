#![allow(unexpected_cfgs)]

use plugin_core::prelude::*;

#[event("order.created")]
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct OrderCreated {
    order_id: String,
}

pub struct Shop;

#[plugin(name = "shop-plugin", version = "1.2.0")]
impl Shop {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(durable)]
    async fn confirm(&self, _order: &OrderCreated) {}
}

compose! {
    Shop,
    "queue" => plugin_queue::Queue provides(EventStore),
}

fn main() {}
