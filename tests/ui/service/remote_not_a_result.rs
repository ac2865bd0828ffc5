use plugin_core::prelude::*;

#[service(remote)]
trait Words {
    async fn count(&self, text: &str) -> u64;

    async fn forget(&self);
}

fn main() {}
