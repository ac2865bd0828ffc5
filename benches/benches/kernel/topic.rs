//! Publish by topic from JSON to one subscriber, beside the time to decode the struct alone.

use std::hint::black_box;

use criterion::Criterion;
use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::system::System;

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
    let system = System::start(&[Listener::DESCRIPTOR]);
    let publishers = system.running.publishers();
    let mut group = criterion.benchmark_group("publish by topic from JSON");
    group.bench_function("kernel", |bencher| {
        bencher.to_async(&system.runtime).iter(async || {
            let published = publishers.publish("bench.order", black_box(ORDER)).await;
            published.expect("it is an order");
        });
    });
    group.bench_function("serde_json alone", |bencher| {
        bencher.iter(|| serde_json::from_slice::<Order>(black_box(ORDER)).expect("it is an order"));
    });
    group.finish();
    system.stop();
}
