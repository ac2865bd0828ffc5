//! Events: one plugin publishes, others hear it. A `fn` handler runs on the publisher's task, an
//! `async fn` on a task of its plugin.
#![expect(clippy::print_stdout, reason = "a program that shows what it does")]

use plugin_core::lifecycle::Manager;
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};

/// Somebody bought something.
#[event("example.order")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Order {
    cents: u64,
}

/// A bill is written.
#[event("example.bill")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Bill {
    text: String,
}

/// Writes a bill for each order.
struct Billing {
    bills: Publisher<Bill>,
}

#[plugin(name = "billing-plugin")]
impl Billing {
    #[init]
    fn init(bills: Publisher<Bill>) -> Self {
        Self { bills }
    }

    #[subscribe]
    async fn order(&self, order: &Order) -> Result<()> {
        let text = format!("{}.{:02} EUR", order.cents / 100, order.cents % 100);
        self.bills.publish(Bill { text }).await?;
        Ok(())
    }
}

/// Prints what it hears; orders below ten cents do not reach it.
struct Printer;

#[plugin(name = "printer-plugin")]
impl Printer {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    fn bill(&self, bill: &Bill) {
        println!("bill: {}", bill.text);
    }

    #[subscribe(filter = |order| order.cents >= 10)]
    fn order(&self, order: &Order) {
        println!("order of {} cents", order.cents);
    }
}

#[tokio::main]
pub(crate) async fn main() -> Result<()> {
    let data = tempfile::tempdir()?;
    let set =
        Composition::assemble(&[Billing::DESCRIPTOR, Printer::DESCRIPTOR]).expect("the set fits");
    let manager = Manager::builder(&set).data_dir(data.path());
    let running = manager.configure()?.start().await?;
    let orders = running.publisher::<Order>();
    for cents in [1_999, 5] {
        orders.publish(Order { cents }).await?;
    }
    // Until all that was accepted is handled, and what it led to.
    running.idle().await;
    let billed = running.bus().handlers();
    let billed = billed.iter().find(|one| one.plugin == "billing-plugin");
    assert_eq!(billed.map(|handler| handler.received), Some(2));
    assert!(running.stop().await.is_clean());
    Ok(())
}
