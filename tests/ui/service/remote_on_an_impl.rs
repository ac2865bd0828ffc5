use plugin_core::prelude::*;

#[service(remote)]
trait Words {
    async fn count(&self, text: &str) -> Result<u64>;
}

struct Counter;

#[service(remote)]
impl Words for Counter {
    async fn count(&self, text: &str) -> Result<u64> {
        Ok(text.len() as u64)
    }
}

fn main() {}
