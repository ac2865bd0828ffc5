use plugin_core::prelude::*;

#[service(remote)]
trait Words {
    async fn count<T>(&self, text: T) -> Result<u64>;

    async fn all() -> Result<u64>;
}

fn main() {}
