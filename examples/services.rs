//! Services: a trait that one plugin provides and others call. Who needs one starts after its
//! provider, and its handle leads to the new instance when the provider is restarted.
#![expect(clippy::print_stdout, reason = "a program that shows what it does")]

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use plugin_core::lifecycle::Manager;
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};

/// Hands out numbers.
#[service]
trait Numbers {
    /// The next one.
    async fn next(&self) -> u64;
}

/// Counts up from 1.
#[derive(Default)]
struct Counter {
    last: AtomicU64,
}

#[plugin(name = "counter-plugin", provides(Numbers))]
impl Counter {
    #[init]
    fn init() -> Self {
        Self::default()
    }
}

#[service]
impl Numbers for Counter {
    async fn next(&self) -> u64 {
        self.last.fetch_add(1, Relaxed) + 1
    }
}

/// Takes a number when it starts.
struct Customer {
    numbers: Service<dyn Numbers>,
}

#[plugin(name = "customer-plugin")]
impl Customer {
    #[init]
    fn init(numbers: Service<dyn Numbers>) -> Self {
        Self { numbers }
    }

    #[start]
    async fn start(&self) {
        println!("customer: I have number {}", self.numbers.next().await);
    }
}

#[tokio::main]
pub(crate) async fn main() -> Result<()> {
    let data = tempfile::tempdir()?;
    let set =
        Composition::assemble(&[Customer::DESCRIPTOR, Counter::DESCRIPTOR]).expect("the set fits");
    let order: Vec<_> = set.plugins().map(|plugin| plugin.name).collect();
    assert_eq!(order, ["counter-plugin", "customer-plugin"]);
    let manager = Manager::builder(&set).data_dir(data.path());
    let running = manager.configure()?.start().await?;
    let numbers = running
        .service::<dyn Numbers>()
        .expect("a plugin provides it");
    assert_eq!(numbers.next().await, 2);
    running.handle().restart("counter-plugin").await?;
    assert_eq!(numbers.next().await, 1, "the same handle, the new instance");
    let refused = running.handle().stop("counter-plugin").await;
    println!("manager: {}", refused.expect_err("it is needed"));
    assert!(running.stop().await.is_clean());
    Ok(())
}
