use plugin_core::prelude::*;

#[service(remote)]
trait Words {
    async fn count(&self, texts: &[&str]) -> Result<u64>;
}

fn main() {}
