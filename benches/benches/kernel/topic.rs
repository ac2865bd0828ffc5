//! Publish by topic from JSON to one subscriber, beside the time to decode the struct alone.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use kernel_benches::{Contest, Goal, System, timed};
use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::hold;

const ORDER: &[u8] = br#"{
    "order_id": "o-2024-000017", "user_id": "alice", "placed_at": 1714564800,
    "items": [
        {"sku": "tea-green-100", "quantity": 2, "price_cents": 450},
        {"sku": "cup-blue", "quantity": 1, "price_cents": 1290}
    ],
    "note": "please ring twice"
}"#;

#[event("bench.order")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Order {
    order_id: String,
    user_id: String,
    placed_at: u64,
    items: Vec<Item>,
    note: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Item {
    sku: String,
    quantity: u32,
    price_cents: u64,
}

struct Listener;

#[plugin(name = "order-listener")]
impl Listener {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    fn on_order(&self, order: &Order) {
        black_box(order.items.len());
    }
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let contest = Contest::new("publish by topic from JSON")
        .add("kernel", kernel())
        .add(
            "serde_json alone",
            timed(|| serde_json::from_slice::<Order>(black_box(ORDER)).expect("it is an order")),
        )
        .goal(Goal::ratio("kernel", "serde_json alone", 1.2));
    hold(criterion, contest);
}

fn kernel() -> impl FnMut(u64) -> Duration {
    let system = System::start(&[Listener::DESCRIPTOR]);
    let publishers = system.running().publishers();
    move |times| {
        system.runtime().block_on(async {
            let began = Instant::now();
            for _ in 0..times {
                let published = publishers.publish("bench.order", black_box(ORDER)).await;
                published.expect("it is an order");
            }
            began.elapsed()
        })
    }
}
