//! Bursts of events for a handler that reads JSON, with the allocator that bills each plugin.

use plugin_accounting::BillingAllocator;

#[global_allocator]
static ALLOCATOR: BillingAllocator = BillingAllocator;

fn main() -> std::io::Result<()> {
    kernel_benches::json_bursts()
}
