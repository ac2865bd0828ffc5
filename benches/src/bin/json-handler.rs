//! Bursts of events for a handler that reads JSON, with the system's allocator.

fn main() -> std::io::Result<()> {
    kernel_benches::json_bursts()
}
