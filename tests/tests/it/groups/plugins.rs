//! Members of groups.

use std::time::Duration;

use plugin_core::event::TryPublishError;
use plugin_core::prelude::*;

use super::instance;
use crate::journal::Journal;

/// An order of a user.
#[event("groups.order")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Order {
    pub(super) number: u32,
    pub(super) user: String,
}

impl Order {
    pub(super) fn new(number: u32) -> Self {
        Self {
            number,
            user: format!("user {}", number % 7),
        }
    }
}

/// How long a member takes for an order.
fn time() -> Duration {
    Duration::from_secs(if instance() == "idle-stuck" { 20 } else { 1 })
}

/// Declares a plugin that notes the orders that it gets, and takes its time for each.
macro_rules! member {
    ($type:ident, $name:literal, $($option:tt)*) => {
        pub(super) struct $type {
            journal: Service<dyn Journal>,
        }

        #[plugin(name = $name)]
        impl $type {
            #[init]
            fn init(journal: Service<dyn Journal>) -> Self {
                Self { journal }
            }

            #[subscribe($($option)*)]
            async fn take(&self, order: &Order) {
                self.journal.write(format!("{} {}", instance(), order.number));
                tokio::time::sleep(time()).await;
            }
        }
    };
}

member!(North, "north", group = "billing");
member!(South, "south", group = "billing");
member!(West, "west", group = "billing");
member!(
    Idle1,
    "idle-1",
    group = "idle",
    balance = least_loaded,
    concurrency = 9
);
member!(
    Idle2,
    "idle-2",
    group = "idle",
    balance = least_loaded,
    concurrency = 9
);
member!(
    Stuck,
    "idle-stuck",
    group = "idle",
    balance = "least_loaded"
);
member!(
    KeyedNorth,
    "keyed-north",
    group = "keyed",
    key = |order| &order.user
);
member!(
    KeyedSouth,
    "keyed-south",
    group = "keyed",
    key = |order| &order.user
);
member!(
    KeyedWest,
    "keyed-west",
    group = "keyed",
    key = |order| &order.user
);
member!(Lanes, "lanes", key = |order| &order.user, concurrency = 3);
member!(
    Odd,
    "odd",
    group = "halves",
    filter = |order| order.number % 2 == 1
);
member!(
    Even,
    "even",
    group = "halves",
    filter = |order| order.number % 2 == 0
);
member!(Plain, "plain",);

/// A member of a group by pattern.
pub(super) struct Listener {
    journal: Service<dyn Journal>,
}

#[plugin(name = "listener")]
impl Listener {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self { journal }
    }

    #[subscribe(
        "groups.*",
        group = "listeners",
        key = |event| event.field("user").map(|user| user.to_string())
    )]
    async fn listen(&self, event: &AnyEvent<'_>) {
        let number = event.field("number").unwrap_or_default();
        self.journal.write(format!("{} {number}", instance()));
    }
}

/// Publishes an order to its own group for each order that it gets, and waits for the outcome.
pub(super) struct Chain {
    journal: Service<dyn Journal>,
    orders: Publisher<Order>,
}

#[plugin(name = "chain")]
impl Chain {
    #[init]
    fn init(journal: Service<dyn Journal>, orders: Publisher<Order>) -> Self {
        Self { journal, orders }
    }

    #[subscribe(group = "chained", filter = |order| order.number < 10)]
    async fn ask(&self, order: &Order) -> Result<()> {
        let next = Order::new(order.number + 10);
        let outcomes = self.orders.publish_and_wait(next).await?;
        for outcome in outcomes {
            let is_ok = outcome.result.is_ok();
            self.journal.write(format!("{} {is_ok}", outcome.plugin));
        }
        Ok(())
    }

    #[subscribe(group = "answers", filter = |order| order.number >= 10)]
    async fn answer(&self, _order: &Order) {}

    #[subscribe(group = "repeats", key = |order| order.number % 100)]
    async fn repeat(&self, order: &Order) -> Result<()> {
        if order.number != 100 {
            return Ok(());
        }
        for _ in 0..3 {
            match self.orders.try_publish(Order::new(200)) {
                Ok(()) => self.journal.write("repeated".to_owned()),
                Err(TryPublishError::Full(_)) => self.journal.write("full".to_owned()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
